"""The shapes that irregular holes are made of.

A shape is drawn as ones onto a uint8 canvas (H, W), from a start (x, y) in pixels and at an extent
in pixels that sets its overall size. What reaches over the canvas is cut off.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
Point = tuple[int, int]
Shape = Callable[[np.random.Generator, Canvas, Point, float], None]

FULL_TURN = 2 * np.pi


def line(rng: np.random.Generator, canvas: Canvas, start: Point, extent: float) -> None:
    """Draw one straight, thick line."""
    thickness = _pixels(extent * rng.uniform(0.08, 0.35))
    end = _step(start, rng.uniform(0, FULL_TURN), extent * rng.uniform(0.8, 3))
    cv2.line(canvas, start, end, 1, thickness)


def circle(rng: np.random.Generator, canvas: Canvas, start: Point, extent: float) -> None:
    """Draw a disc around the start."""
    cv2.circle(canvas, start, _pixels(extent * rng.uniform(0.2, 0.55)), 1, cv2.FILLED)


def ellipse(rng: np.random.Generator, canvas: Canvas, start: Point, extent: float) -> None:
    """Draw a filled ellipse around the start, turned by any angle."""
    axes = (_pixels(extent * rng.uniform(0.15, 0.6)), _pixels(extent * rng.uniform(0.15, 0.6)))
    cv2.ellipse(canvas, start, axes, int(rng.integers(180)), 0, 360, 1, cv2.FILLED)


def freeform(rng: np.random.Generator, canvas: Canvas, start: Point, extent: float) -> None:
    """Draw a hand-like stroke: a walk that bends, turns back at times, and varies in thickness."""
    heading = rng.uniform(0, FULL_TURN)
    thickness = extent * rng.uniform(0.1, 0.35)
    for _ in range(int(rng.integers(3, 11))):
        end = _step(start, heading, extent * rng.uniform(0.15, 0.6))
        brush = _pixels(thickness * rng.uniform(0.7, 1.3))
        # OpenCV ends a thick line in a round cap, so segments join smoothly.
        cv2.line(canvas, start, end, 1, brush)
        start = end
        heading += rng.normal(0, 0.7) + (np.pi if rng.random() < 0.1 else 0.0)


SHAPES: tuple[Shape, ...] = (line, circle, ellipse, freeform, freeform)
"""Free-form strokes stand twice: they are what people draw."""


def _pixels(length: float) -> int:
    return max(1, round(length))


def _step(start: Point, heading: float, length: float) -> Point:
    return (
        start[0] + round(float(np.cos(heading)) * length),
        start[1] + round(float(np.sin(heading)) * length),
    )

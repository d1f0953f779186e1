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
    end = _step(canvas, start, rng.uniform(0, FULL_TURN), extent * rng.uniform(0.8, 3))
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
        end = _step(canvas, start, heading, extent * rng.uniform(0.15, 0.6))
        brush = _pixels(thickness * rng.uniform(0.7, 1.3))
        # OpenCV ends a thick line in a round cap, so segments join smoothly.
        cv2.line(canvas, start, end, 1, brush)
        start = end
        heading += rng.normal(0, 0.7) + (np.pi if rng.random() < 0.1 else 0.0)


SHAPES: tuple[Shape, ...] = (line, circle, ellipse, freeform, freeform)
"""Free-form strokes stand twice: they are what people draw."""


def _pixels(length: float) -> int:
    return max(1, round(length))


def _step(canvas: Canvas, start: Point, heading: float, length: float) -> Point:
    """Go from a point of the canvas along a heading, no further than to the canvas's edge.

    How OpenCV draws a thick line from or to a far outside differs between its versions 4 and 5.
    """
    height, width = canvas.shape
    dx, dy = float(np.cos(heading)) * length, float(np.sin(heading)) * length
    share = min(_share(start[0], dx, width - 1), _share(start[1], dy, height - 1))
    return start[0] + round(share * dx), start[1] + round(share * dy)


def _share(start: int, way: float, last: int) -> float:
    """Return how much of a way, 0 to 1, stays within 0 to ``last``."""
    room = last - start if way > 0 else start
    return min(1.0, room / abs(way)) if way else 1.0

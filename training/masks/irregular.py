"""Irregular holes, drawn as lines, circles, ellipses and free-form strokes of varying thickness.

After section 4.1 of Liu et al. 2018, "Image Inpainting for Irregular Holes Using Partial
Convolutions": six ranges of hole ratio, with and without holes near the picture's border. The
paper takes its shapes from occlusions in videos; here they are drawn.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.masks.buckets import BUCKETS, Bucket
from training.masks.growth import grow
from training.masks.shapes import SHAPES, Point, freeform
from training.masks.source import Mask

MIN_SIDE = 64
CLEAR_SHARE = 0.1
"""Share of a side that stays known along each border of a mask without border contact."""
MAX_SHAPES = 96
SMALLEST_EXTENT = 0.08
"""Of the picture's side: below this, shapes are specks."""


class IrregularMasks:
    """A mask source of irregular holes.

    Args:
        buckets: ranges of hole ratio; each mask takes one of them, all equally likely.
        border: True, holes touch the picture's border; False, a tenth of the side stays known
            along each border; None, each mask is of either kind, equally likely.
    """

    def __init__(self, buckets: Sequence[Bucket] = BUCKETS, border: bool | None = None) -> None:
        if not buckets:
            raise ValueError("at least one bucket of hole ratios is needed")
        self.buckets = tuple(buckets)
        self.border = border

    def __call__(self, rng: np.random.Generator, height: int, width: int) -> Mask:
        bucket = self.buckets[int(rng.integers(len(self.buckets)))]
        border = bool(rng.integers(2)) if self.border is None else self.border
        return draw_irregular(rng, height, width, bucket, border=border)


def draw_irregular(
    rng: np.random.Generator, height: int, width: int, bucket: Bucket, *, border: bool
) -> Mask:
    """Draw one mask, uint8 (height, width), whose hole ratio is inside ``bucket``.

    Args:
        rng: where all randomness comes from.
        height: pixels, 64 at least.
        width: pixels, 64 at least.
        bucket: the hole ratio is above its lower and not above its upper end.
        border: True, the hole touches the picture's border; False, ``ceil(side / 10)`` pixels
            along each border are known.

    Raises:
        ValueError: the picture is too small, or the bucket's holes find no room between borders.
    """
    if min(height, width) < MIN_SIDE:
        raise ValueError(f"masks start at {MIN_SIDE} pixels a side, not {width}x{height}")
    room = _room(height, width, border)
    fewest, most = bucket.pixel_range(height * width)
    most = min(most, room.area)
    if fewest > most:
        raise ValueError(f"holes of {bucket} leave no clear border on {width}x{height} pixels")
    target = int(rng.integers(fewest, most + 1))
    hole = np.zeros((height, width), np.uint8)
    # A view: what is drawn on it lands in the hole, and what reaches over it is cut off.
    canvas = hole[room.rows, room.columns]
    _draw_shapes(rng, canvas, target, most, border)
    if np.count_nonzero(canvas) < fewest:
        canvas[...] = grow(canvas, target)
    return np.asarray(1 - hole, np.uint8)


def _draw_shapes(
    rng: np.random.Generator, canvas: NDArray[np.uint8], target: int, most: int, border: bool
) -> None:
    """Lay shape upon shape until ``target`` hole pixels are reached, and never more than ``most``.

    Shapes shrink with what is left to cover, and after each one that would have been too much, so
    that few are refused. The canvas is never left empty, but may fall short of ``target``.
    """
    smallest = SMALLEST_EXTENT * float(np.sqrt(canvas.size))
    detail = rng.uniform(0.5, 1.0)
    count = 0
    for _ in range(MAX_SHAPES):
        from_edge = border and count == 0
        draw = freeform if from_edge else SHAPES[int(rng.integers(len(SHAPES)))]
        extent = detail * np.sqrt(target - count) * rng.uniform(0.6, 1.5)
        grown = canvas.copy()
        draw(rng, grown, _start(rng, canvas, from_edge), max(extent, smallest))
        grown_count = cv2.countNonZero(grown)
        if grown_count > most:
            detail *= 0.8
            continue
        canvas[...], count = grown, grown_count
        if count >= target:
            return
    if count == 0:
        x, y = _start(rng, canvas, border)
        canvas[y, x] = 1


class _Room(NamedTuple):
    """The rectangle in which a hole may lie."""

    rows: slice
    columns: slice

    @property
    def area(self) -> int:
        return int((self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start))


def _room(height: int, width: int, border: bool) -> _Room:
    top, left = (0 if border else math.ceil(side * CLEAR_SHARE) for side in (height, width))
    return _Room(slice(top, height - top), slice(left, width - left))


def _start(rng: np.random.Generator, canvas: NDArray[np.uint8], on_edge: bool) -> Point:
    """Draw the (x, y) of a pixel of the canvas, on its edge if so asked."""
    height, width = canvas.shape
    x, y = int(rng.integers(width)), int(rng.integers(height))
    if on_edge:
        return [(x, 0), (x, height - 1), (0, y), (width - 1, y)][int(rng.integers(4))]
    return x, y

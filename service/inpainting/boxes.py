"""Axis-aligned boxes of pixels, and cutting them out of arrays they may hang over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Rows `top <= y < bottom` and columns `left <= x < right`; may lie partly outside an array."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in an array that holds it whole."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grow(self, rows: int, columns: int) -> Box:
        """This box with a margin on all four sides."""
        return Box(self.top - rows, self.left - columns, self.bottom + rows, self.right + columns)

    def clip(self, height: int, width: int) -> Box:
        """The part of this box inside an array of `height` x `width`."""
        return Box(
            max(self.top, 0), max(self.left, 0), min(self.bottom, height), min(self.right, width)
        )

    def shift(self, rows: int, columns: int) -> Box:
        """This box moved down and to the right."""
        return Box(self.top + rows, self.left + columns, self.bottom + rows, self.right + columns)

    def reduce(self, factor: int) -> Box:
        """The smallest box of `factor` x `factor` blocks that covers this box, in blocks."""
        return Box(
            self.top // factor,
            self.left // factor,
            -(-self.bottom // factor),
            -(-self.right // factor),
        )

    def enlarge(self, factor: int) -> Box:
        """The inverse of `reduce`: this box of blocks, in pixels."""
        return Box(self.top * factor, self.left * factor, self.bottom * factor, self.right * factor)


def bounding_box(boxes: list[Box]) -> Box:
    """The smallest box that holds all of `boxes` (at least one)."""
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )


def extent(mask: NDArray[np.bool_]) -> Box:
    """The smallest box that holds every True pixel of a mask (at least one)."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def cut(array: NDArray[Scalar], box: Box, padding: Scalar | int | bool) -> NDArray[Scalar]:
    """Copy a box out of an array (H, W, ...); what lies outside the array becomes `padding`."""
    height, width = array.shape[:2]
    inside = box.clip(height, width)
    piece = np.full((box.height, box.width, *array.shape[2:]), padding, dtype=array.dtype)
    if inside.height > 0 and inside.width > 0:
        piece[inside.shift(-box.top, -box.left).slices] = array[inside.slices]
    return piece

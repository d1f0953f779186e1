"""Where windows go: one around a box, or a grid of overlapping ones over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from service.inpainting.boxes import Box

Cells = NDArray[np.int64]

OVERLAP = 4
"""Neighbouring windows of a grid overlap by one `OVERLAP`-th of their size, or more."""


def smallest_size(box: Box, sizes: Sequence[int]) -> int | None:
    """The smallest of the ascending `sizes` that holds the box, or None."""
    side = max(box.height, box.width)
    return next((size for size in sizes if size >= side), None)


def window_around(box: Box, size: int, height: int, width: int) -> Box:
    """A square window with `box` in its middle, moved inside the photo as far as it fits.

    Args:
        box: What the window has to hold; at most `size` long and wide, inside the photo.
        size: Side of the window in pixels.
        height: Rows of the photo.
        width: Columns of the photo. A side shorter than the window is padded equally at both ends.
    """
    top = _centred(box.top, box.bottom, size, height)
    left = _centred(box.left, box.right, size, width)
    return Box(top, left, top + size, left + size)


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """Overlapping square windows in rows and columns.

    Attributes:
        size: Side of a window in pixels.
        tops: First row of each row of windows, ascending.
        lefts: First column of each column of windows, ascending.
    """

    size: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @classmethod
    def over(cls, box: Box, size: int, overlap: int, height: int, width: int) -> Self:
        """The fewest windows that cover `box` with at least `overlap` between neighbours.

        They are spread evenly and lie inside the photo where it is large enough.
        """
        tops = _spread(box.top, box.bottom, size, overlap, height)
        return cls(size, tuple(tops), tuple(_spread(box.left, box.right, size, overlap, width)))

    def touching(self, cells: Cells, side: float) -> list[Box]:
        """The windows that touch at least one cell, in reading order.

        Args:
            cells: (N, 2) rows and columns of square cells.
            side: Side of a cell in the pixels of the windows; may be less than one.
        """
        first_row, last_row = self._reached(self.tops, cells[:, 0], side)
        first_column, last_column = self._reached(self.lefts, cells[:, 1], side)
        # Each cell marks a rectangle of windows: by its corners, which are summed up afterwards.
        marks = np.zeros((len(self.tops) + 1, len(self.lefts) + 1), np.int64)
        for rows, columns, sign in (
            (first_row, first_column, 1),
            (first_row, last_column, -1),
            (last_row, first_column, -1),
            (last_row, last_column, 1),
        ):
            np.add.at(marks, (rows, columns), sign)
        touched = np.argwhere(marks.cumsum(axis=0).cumsum(axis=1) > 0)
        starts = ((self.tops[row], self.lefts[column]) for row, column in touched)
        return [Box(top, left, top + self.size, left + self.size) for top, left in starts]

    def _reached(
        self, starts: Sequence[int], cells: NDArray[np.int64], side: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First and last (exclusive) of the windows along an axis that touch each cell."""
        begins = np.asarray(starts)
        first = np.searchsorted(begins + self.size, cells * side, side="right")
        last = np.searchsorted(begins, (cells + 1) * side, side="left")
        return first, last


def _centred(start: int, stop: int, size: int, limit: int) -> int:
    if size >= limit:
        return -((size - limit) // 2)
    return min(max((start + stop - size) // 2, 0), limit - size)


def _spread(start: int, stop: int, size: int, overlap: int, limit: int) -> list[int]:
    length = stop - start
    if length <= size:
        return [_centred(start, stop, size, limit)]
    steps = -(-(length - size) // (size - overlap))
    return [start + index * (length - size) // steps for index in range(steps + 1)]

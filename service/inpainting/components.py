"""Connected parts of a hole, found on a reduced mask.

Labelling every pixel costs four bytes a pixel; on cells of 8x8 pixels it costs a sixteenth of a
byte. Parts of a hole in neighbouring cells count as one component, so components are at least
8 pixels apart, which also joins specks that one window would serve anyway. Their bounding boxes are
exact to the pixel.
"""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole

Value = TypeVar("Value", np.bool_, np.float32)

CELL = 8
"""Side of the smallest cell in pixels: `np.packbits` turns eight pixels into one byte."""

MAX_COMPONENTS = 1024
"""Cells double in size until there are no more components than this: it bounds all later work."""


@dataclass(frozen=True, slots=True)
class Components:
    """The connected parts of a hole.

    Attributes:
        cell: Side of a cell in pixels.
        labels: (ceil(H / cell), ceil(W / cell)) int32: the cell's component, -1 where it has none.
        boxes: (N, 4) int64: top, left, bottom, right of each component in pixels, half open.
        depths: (N,) float64: an upper bound on the distance in pixels from any hole pixel of the
            component to the nearest known pixel.
    """

    cell: int
    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    depths: NDArray[np.float64]


def find_components(hole: Hole) -> Components:
    """Find the connected parts of a hole.

    Args:
        hole: (H, W) bool, True is hole.

    Returns:
        At most `MAX_COMPONENTS` components.
    """
    rows = np.packbits(hole, axis=1) != 0  # (H, cells)
    columns = np.packbits(hole, axis=0) != 0  # (cells, W)
    occupied = np.packbits(rows, axis=0) != 0
    depth = _depth(hole)
    cell = CELL
    count, labels = _label(occupied)
    while count > MAX_COMPONENTS:
        cell *= 2
        occupied, depth = _halve(occupied), _halve(depth)
        count, labels = _label(occupied)
    return Components(
        cell, labels, _boxes(labels, count, cell, rows, columns), _deepest(labels, count, depth)
    )


def _label(occupied: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32]]:
    count, labels = cv2.connectedComponents(occupied.view(np.uint8), connectivity=8)
    return count - 1, (labels - 1).astype(np.int32, copy=False)


def _halve(values: NDArray[Value]) -> NDArray[Value]:
    """The largest of each 2x2 cells."""
    for axis in (0, 1):
        values = np.maximum.reduceat(values, np.arange(0, values.shape[axis], 2), axis=axis)
    return values


def _depth(hole: Hole) -> NDArray[np.float32]:
    """Upper bound, per cell of `CELL` pixels, on a hole pixel's distance to the known pixels."""
    some_known = np.packbits(np.packbits(~hole, axis=1) != 0, axis=0) != 0
    cells = cv2.distanceTransform((~some_known).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Both ends of the distance lie anywhere in their cells: one cell's diagonal more at most.
    return np.asarray((cells + np.sqrt(2)) * CELL, np.float32)


def _boxes(
    labels: NDArray[np.int32],
    count: int,
    cell: int,
    rows: NDArray[np.bool_],
    columns: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Exact bounding boxes from which pixel rows and columns of each cell have a hole."""
    where = np.nonzero(labels >= 0)
    label = labels[where]
    group = cell // CELL
    top, bottom = _extent(_merge(rows, group, axis=1), where, cell)
    left, right = _extent(_merge(columns, group, axis=0).T, where[::-1], cell)
    boxes = np.empty((count, 4), np.int64)
    for edge, value, reduce in (
        (0, top, np.minimum),
        (1, left, np.minimum),
        (2, bottom, np.maximum),
        (3, right, np.maximum),
    ):
        extreme = np.full(count, np.iinfo(np.int64).max if reduce is np.minimum else 0, np.int64)
        reduce.at(extreme, label, value)
        boxes[:, edge] = extreme
    return boxes


def _merge(flags: NDArray[np.bool_], group: int, axis: int) -> NDArray[np.bool_]:
    return np.logical_or.reduceat(flags, np.arange(0, flags.shape[axis], group), axis=axis)


def _extent(
    flags: NDArray[np.bool_], cells: tuple[NDArray[np.intp], ...], cell: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one past the last flagged line of the given cells.

    `flags` is (lines, cells across): whether a cell's stretch of a pixel line has a hole.
    """
    along, across = cells
    padded = np.pad(flags, ((0, -len(flags) % cell), (0, 0)))
    lines = padded.reshape(-1, cell, flags.shape[1])[along, :, across]  # (cells, lines of a cell)
    first = along * cell + np.argmax(lines, axis=1)
    last = (along + 1) * cell - np.argmax(lines[:, ::-1], axis=1)
    return first, last


def _deepest(
    labels: NDArray[np.int32], count: int, depth: NDArray[np.float32]
) -> NDArray[np.float64]:
    deepest = np.zeros(count)
    inside = labels >= 0
    np.maximum.at(deepest, labels[inside], depth[inside])
    return deepest

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
Bits = TypeVar("Bits", np.bool_, np.uint8)

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
    packed = np.packbits(hole, axis=1)  # one bit a pixel: (H, cells)
    merged = _merge(packed, CELL)  # (cells, cells), with one bit for each column of pixels
    rows, occupied = packed != 0, merged != 0
    columns = np.unpackbits(merged, axis=1, count=hole.shape[1]).view(np.bool_)  # (cells, W)
    depth = _depth(packed, hole.shape[1])
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


def _merge(bits: NDArray[Bits], group: int) -> NDArray[Bits]:
    """Bitwise or of each `group` rows."""
    padded = np.pad(bits, ((0, -len(bits) % group), (0, 0)))
    merged: NDArray[Bits] = np.bitwise_or.reduce(padded.reshape(-1, group, bits.shape[1]), axis=1)
    return merged


def _halve(values: NDArray[Value]) -> NDArray[Value]:
    """The largest of each 2x2 cells."""
    for axis in (0, 1):
        values = np.maximum.reduceat(values, np.arange(0, values.shape[axis], 2), axis=axis)
    return values


def _depth(packed: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    """Upper bound, per cell of `CELL` pixels, on a hole pixel's distance to the known pixels."""
    inside = np.packbits(np.ones(width, np.bool_))  # the last byte may reach over the photo
    some_known = _merge(~packed & inside, CELL) != 0
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
    top, bottom = _extent(_merge(rows.T, group).T, where, cell)
    left, right = _extent(_merge(columns, group).T, where[::-1], cell)
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

"""Which holes are filled together, and how much of the photo they see.

Every group of holes has a context: a box of the photo in which patches are looked for. It grows
with the holes and never with the photo.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.components import Components, find_components

TIMES = 3
"""Sides of a context, in those of the holes' bounding box; the photo allowing."""

LEAST_SIDE = 256
"""Sides in pixels that a context has at least."""

MOST_PIXELS = 1_500_000
"""Pixels of a context that is searched at full scale. Of a larger one a coarser scale is searched,
and the finer ones only try offsets near those found."""

TILE = 384
"""Thin, long holes are cut into tiles of this side: what they need to see is near everywhere."""

THIN = 48.0
"""Bound on the depth in pixels up to which a long hole is cut."""


Cells = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of cells."""


@dataclass(frozen=True, slots=True)
class Context:
    """Holes that are filled together.

    Attributes:
        hole: Box around the holes in photo pixels; what lies in it belongs to this group where
            `cells` says so.
        box: What they see.
        cells: Index arrays of the cells whose hole pixels belong to the group.
        cell: Side of a cell in pixels.
        coarser: How many of the finest scales only refine.
        pixels: Hole pixels of the group.
    """

    hole: Box
    box: Box
    cells: Cells
    cell: int
    coarser: int
    pixels: int

    def own(self, hole: Hole) -> Hole:
        """The pixels of the context's box that belong to the group; bool, of the box's shape."""
        own = np.zeros((self.box.height, self.box.width), np.bool_)
        inner = self.hole.shift(-self.box.top, -self.box.left)
        own[inner.slices] = _in_cells(hole, self.hole, self.cells, self.cell)
        return own


def find_contexts(hole: Hole) -> list[Context]:
    """Group the parts of a hole and give each group its context, in reading order.

    Args:
        hole: (H, W) bool, some of it True.
    """
    parts = find_components(hole)
    labels = _tiled(parts)
    rows, columns = np.nonzero(labels >= 0)
    order = np.argsort(labels[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    _, starts = np.unique(labels[rows, columns], return_index=True)
    cells = list(zip(np.split(rows, starts[1:]), np.split(columns, starts[1:]), strict=True))
    height, width = hole.shape
    boxes = [
        Box(
            int(down.min()) * parts.cell,
            int(across.min()) * parts.cell,
            (int(down.max()) + 1) * parts.cell,
            (int(across.max()) + 1) * parts.cell,
        ).clip(height, width)
        for down, across in cells
    ]
    contexts = []
    for members in _together(boxes, height, width):
        around = bounding_box([boxes[part] for part in members])
        box = context_of(around, height, width)
        down, across = (np.concatenate([cells[part][axis] for part in members]) for axis in (0, 1))
        pixels = int(np.count_nonzero(_in_cells(hole, around, (down, across), parts.cell)))
        contexts.append(
            Context(around, box, (down, across), parts.cell, levels_beyond(box), pixels)
        )
    return contexts


def _in_cells(hole: Hole, box: Box, cells: Cells, cell: int) -> Hole:
    """The hole's pixels in a box that lie in some cells, which are inside the box; of its shape."""
    reduced = box.reduce(cell)
    marked = np.zeros((reduced.height, reduced.width), np.bool_)
    marked[cells[0] - reduced.top, cells[1] - reduced.left] = True
    rows = np.arange(box.top, box.bottom) // cell - reduced.top
    columns = np.arange(box.left, box.right) // cell - reduced.left
    return np.asarray(marked[np.ix_(rows, columns)] & hole[box.slices])


def context_of(hole: Box, height: int, width: int) -> Box:
    """What a box of holes sees in a photo of `height` x `width`."""
    margins = (
        max((TIMES - 1) * side, LEAST_SIDE - side + 1) // 2 for side in (hole.height, hole.width)
    )
    return hole.grow(*margins).clip(height, width)


def levels_beyond(box: Box) -> int:
    """How often a context has to be halved to be searched."""
    count = 0
    while box.height * box.width > MOST_PIXELS << 2 * count:
        count += 1
    return count


def _tiled(parts: Components) -> NDArray[np.int64]:
    """Labels of the cells, thin and long parts cut into tiles with labels of their own."""
    labels = parts.labels.astype(np.int64)
    sides = np.maximum(parts.boxes[:, 2] - parts.boxes[:, 0], parts.boxes[:, 3] - parts.boxes[:, 1])
    cut = (sides > TILE) & (parts.depths <= THIN)
    if not cut.any():
        return labels
    tile = max(1, TILE // parts.cell)
    rows, columns = np.nonzero((labels >= 0) & np.append(cut, False)[labels])
    across = -(-labels.shape[1] // tile)
    tiles = -(-labels.shape[0] // tile) * across
    number = rows // tile * across + columns // tile
    labels[rows, columns] = len(cut) + labels[rows, columns] * tiles + number
    return labels


def _together(boxes: list[Box], height: int, width: int) -> list[list[int]]:
    """Join boxes greedily, in reading order, where one context costs no more than two."""
    edges = np.array([(box.top, box.left, box.bottom, box.right) for box in boxes], np.int64)
    groups: list[list[int]] = []
    free = np.ones(len(boxes), np.bool_)
    for seed in np.lexsort((edges[:, 1], edges[:, 0])):
        if not free[seed]:
            continue
        free[seed] = False
        members = [int(seed)]
        box = edges[seed]
        candidates = np.flatnonzero(free)
        while len(candidates):
            joined = np.hstack(
                (
                    np.minimum(box[:2], edges[candidates, :2]),
                    np.maximum(box[2:], edges[candidates, 2:]),
                )
            )
            own = _area(edges[candidates], height, width)
            both = _area(joined, height, width)
            saving = _area(box[np.newaxis], height, width)[0] + own - both
            saving[both > MOST_PIXELS] = -1  # joining must not cost anyone the finest search
            best = int(np.argmax(saving))
            if saving[best] < 0:
                break
            members.append(int(candidates[best]))
            free[candidates[best]] = False
            box = joined[best]
            candidates = np.delete(candidates, best)
        groups.append(members)
    return groups


def _area(edges: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """Pixels of the contexts of boxes, as `context_of` has them."""
    sides = []
    for first, last, limit in ((0, 2, height), (1, 3, width)):
        side = edges[:, last] - edges[:, first]
        margin = np.maximum((TIMES - 1) * side, LEAST_SIDE - side + 1) // 2
        start = np.maximum(edges[:, first] - margin, 0)
        sides.append(np.minimum(edges[:, last] + margin, limit) - start)
    return np.asarray(sides[0] * sides[1])

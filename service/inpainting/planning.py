"""Planning: which windows at which scales fill a hole, and what that will cost.

Nothing is run here and no photo is needed. What a window of each size costs is measured by the
engine's warm-up. The rules:

1. Components of the hole want to see context around them and are grouped into shared windows.
2. A group that a window holds gets the cheapest window that does.
3. A larger group is covered by the cheapest grid of overlapping windows; those that show none of
   it are left out.
4. A group deeper than the network reaches is filled at a coarser scale first, so coarse that it is
   within reach there and fits into one window with its context. Every finer scale sees the coarser
   one's fill as known pixels on a sparse lattice, or pasted where the network takes
   none (`Traits.lattice`), and needs little context beside that.

The work is bounded whatever the hole's shape: see `windows_at_most`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.components import Components, find_components
from service.inpainting.grouping import group_boxes
from service.inpainting.plans import Group, Plan, Scale, owned
from service.inpainting.tiling import OVERLAP, Cells, WindowGrid, smallest_size, window_around
from service.traits import Traits

CONTEXT = 0.4
"""Default context on each side of a component, as a share of its extent along that axis. With 0.5
holes of 140 pixels take windows of 384, for pictures that differ by 0.004 of LPIPS at most."""

MIN_CONTEXT = 32
"""Least context in pixels, so that a speck is not filled from the two pixels around it; and all
that is shown around a hole that has a lattice. Half of the extent instead changed PSNR of holes of
180x180 by 0.01 dB, for windows of twice the pixels."""

STEPS = 4
"""Costs, over that of the cheapest window, are compared in steps of a factor of 2 ** (1 / STEPS):
the noise of measuring them seldom changes plans from one start of the service to the next."""

RATIO_BITS = 3
"""A scale is at most 2 ** RATIO_BITS times coarser than the next finer one. Ten holes of 1200x1200
came out as well as with 2 bits (15.2 dB), which need a window more for most holes."""

MARGIN = 8
"""Windows of a grid reach over the hole by one `MARGIN`-th of their size, the photo allowing."""

SIGHT = 4
"""Windows are at least this many times as large as the hole in them is deep, or have a lattice."""


def plan(
    hole: Hole,
    sizes: Sequence[int],
    *,
    context: float = CONTEXT,
    reach: int = Traits().reach,
    costs: Mapping[int, float] | None = None,
) -> Plan:
    """Plan the windows that fill a hole.

    Args:
        hole: (H, W) bool, True is hole.
        sizes: Window sizes that the engine runs, in pixels.
        context: Share of a component's extent that its window shows on every side, where the photo
            has it.
        reach: Depth in pixels up to which a hole is filled without a coarser scale before it
            (`Traits`).
        costs: What one window of each size costs, usually in measured seconds; its pixels when not
            given.

    Raises:
        ValueError: nothing is known, there is no size, `context` is negative or `reach` below 1.
    """
    if not sizes:
        raise ValueError("there is no window size to plan with")
    if context < 0:
        raise ValueError(f"context is a share of the hole's extent, so not negative: {context}")
    if reach < 1:
        raise ValueError(f"reach is a depth in pixels, at least 1: {reach}")
    if hole.all():
        raise ValueError("every pixel is hole: there is nothing known to fill it from")
    return _Planner(hole, sorted(set(sizes)), context, reach, costs).plan()


def windows_at_most(area: int, count: int, size: int) -> int:
    """Bound on a plan's windows at each of its scales.

    A walk through a connected part of `a` pixels takes 2a steps. Cut into stretches of `size / 4`
    steps, each lies in a box that at most nine windows of a grid touch, because windows start at
    least `size / 2` apart (or there are only three of them along an axis). A scale's factor only
    shortens the walk. The scales of a group number at most
    2 + log2(longest side / min(reach, size)) / 3; two groups may go down by different steps.

    Args:
        area: Hole pixels.
        count: Connected parts of the hole (8-neighbourhood).
        size: The smallest window size in pixels.
    """
    return 9 * (count + 8 * area // size)


class _Planner:
    """Plans for one hole."""

    def __init__(
        self,
        hole: Hole,
        sizes: list[int],
        context: float,
        reach: int,
        costs: Mapping[int, float] | None,
    ) -> None:
        self.hole = hole
        self.height, self.width = hole.shape
        self.context = context
        self.reach = reach
        self.costs = {size: float(costs[size] if costs else size**2) for size in sizes}
        cheapest = min(self.costs.values())
        self.steps = {size: _step(cost / cheapest) for size, cost in self.costs.items()}
        self.sizes = _worthwhile(self.steps)
        self.parts: Components = find_components(hole)
        self.owners = np.full_like(self.parts.labels, -1)

    def plan(self) -> Plan:
        boxes = [Box(*(int(edge) for edge in box)) for box in self.parts.boxes]
        needs = [self._need(box) for box in boxes]
        edges = np.array([(need.top, need.left, need.bottom, need.right) for need in needs])
        costs = [self.steps[size] for size in self.sizes]
        members = group_boxes(edges.reshape(-1, 4).astype(np.int64), self.sizes, costs)
        self.owners = _owners(self.parts, members)
        groups = tuple(
            self._group(
                index,
                bounding_box([boxes[part] for part in parts]),
                bounding_box([needs[part] for part in parts]),
                float(self.parts.depths[parts].max()),
            )
            for index, parts in enumerate(members)
        )
        windows = (window for group in groups for scale in group.scales for window in scale.windows)
        cost = sum(self.costs[window.height] for window in windows)
        return Plan((self.height, self.width), groups, self.parts.cell, self.owners, cost)

    def _need(self, box: Box) -> Box:
        """A component with its context, inside the photo."""
        rows = max(MIN_CONTEXT, int(np.ceil(self.context * box.height)))
        columns = max(MIN_CONTEXT, int(np.ceil(self.context * box.width)))
        return box.grow(rows, columns).clip(self.height, self.width)

    def _group(self, index: int, hole: Box, need: Box, depth: float) -> Group:
        thin = SIGHT * depth <= self.sizes[-1]
        if depth <= self.reach and (thin or smallest_size(need, self.sizes)):
            return Group(hole, (self._scale(index, hole, need, 1, SIGHT * depth),))
        coarsest, *finer = self._factors(need, depth)
        size = self.sizes[-1]
        near = hole.grow(MIN_CONTEXT, MIN_CONTEXT).clip(self.height, self.width)
        scales = [self._scale(index, hole, need, coarsest, size)]
        scales += [self._scale(index, hole, near, factor, size) for factor in finer]
        return Group(hole, tuple(scales))

    def _factors(self, need: Box, depth: float) -> list[int]:
        """Powers of two, evenly spread from the first scale that is small enough to 1."""
        bits = 0
        while depth > self.reach << bits or not smallest_size(need.reduce(1 << bits), self.sizes):
            bits += 1
        steps = -(-bits // RATIO_BITS)
        return [1 << -(-bits * step // steps) for step in range(steps, -1, -1)]

    def _scale(self, index: int, hole: Box, need: Box, factor: int, least: float) -> Scale:
        """One window where one holds hole and context, else a grid of windows, `least` wide."""
        size = smallest_size(need.reduce(factor), self.sizes)
        if size is not None:
            window = window_around(need.reduce(factor), size, *self._shape(factor))
            return Scale(factor, (window,))
        sizes = [size for size in self.sizes if size >= least] or self.sizes[-1:]
        cells = self._cells(index, hole)
        grids = [self._grid(hole, cells, size, factor) for size in sizes]
        cheapest = min(reversed(grids), key=lambda grid: len(grid) * self.steps[grid[0].height])
        return Scale(factor, tuple(w for w in cheapest if self._shows(index, w.enlarge(factor))))

    def _cells(self, index: int, hole: Box) -> Cells:
        """The cells that hold a group's pixels."""
        box = hole.reduce(self.parts.cell)
        cells: Cells = np.argwhere(self.owners[box.slices] == index)
        cells += np.array((box.top, box.left))
        return cells

    def _grid(self, hole: Box, cells: Cells, size: int, factor: int) -> list[Box]:
        """Windows over the hole at a scale, without those that touch none of the cells."""
        margin = size // MARGIN
        box = hole.reduce(factor).grow(margin, margin).clip(*self._shape(factor))
        grid = WindowGrid.over(box, size, size // OVERLAP, *self._shape(factor))
        return grid.touching(cells, self.parts.cell / factor)

    def _shows(self, index: int, box: Box) -> bool:
        """Whether a box in photo pixels has a pixel of a group."""
        inside = box.clip(self.height, self.width)
        here = owned(self.owners, self.parts.cell, index, inside)
        return bool((self.hole[inside.slices] & here).any())

    def _shape(self, factor: int) -> tuple[int, int]:
        """Rows and columns of the whole photo at a scale."""
        return -(-self.height // factor), -(-self.width // factor)


def _step(cost: float) -> float:
    """A cost, rounded to the steps in which costs are compared."""
    return float(2 ** (np.rint(np.log2(cost) * STEPS) / STEPS))


def _worthwhile(costs: Mapping[int, float]) -> list[int]:
    """The sizes of which no larger one is as cheap, ascending. A larger window shows more."""
    sizes = sorted(costs)
    return [
        size
        for at, size in enumerate(sizes)
        if all(costs[size] < costs[s] for s in sizes[at + 1 :])
    ]


def _owners(parts: Components, members: list[list[int]]) -> NDArray[np.int32]:
    """The group of each cell, -1 where it has no hole."""
    group_of = np.full(len(parts.boxes) + 1, -1, np.int32)  # the last entry is that of label -1
    for index, group in enumerate(members):
        group_of[group] = index
    return group_of[parts.labels]

"""Planning: which windows at which scales fill a hole, and what that will cost.

Nothing is run here and no photo is needed. The rules:

1. Components of the hole want to see context around them and are grouped into shared windows.
2. A group that a window holds gets the smallest window that does.
3. A larger group is covered by a grid of overlapping windows of the largest size, empty ones left
   out. Where the hole is thick (a window could see nothing but hole), scales come before it, each
   coarser by `RATIO`, the coarsest so small that hole and context fit into one window. Every finer
   scale sees the coarser one's fill as known pixels on a sparse lattice.

Bound on the work: with the largest size S, hole area A and N components, the windows number at most
`window_bound(A, N, S)`, whatever the shape of the hole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.components import find_components
from service.inpainting.grouping import group_boxes
from service.inpainting.tiling import smallest_size, window_around, window_grid

CONTEXT = 0.5
"""Default context on each side of a component, as a share of its extent along that axis."""

MIN_CONTEXT = 32
"""Least context in pixels, so that a speck is not filled from two pixels around it."""

LATTICE = 4
"""Pixels from one known lattice point to the next."""

RATIO = 4
"""How much coarser each scale is than the next finer one, at most."""

OVERLAP = 4
"""Neighbouring windows of a grid overlap by this share of their size: one `OVERLAP`-th."""

THICK = 8
"""A hole deeper than one `THICK`-th of the largest window is filled coarse to fine."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The windows of one group at one scale.

    Attributes:
        factor: Photo pixels per pixel of this scale; 1 is native resolution.
        windows: Square windows in pixels of this scale (photo coordinates over `factor`), in
            reading order; they may hang over the photo.
    """

    factor: int
    windows: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Components that are filled together: `scales` from the coarsest to native resolution."""

    hole: Box
    scales: tuple[Scale, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What `fill` will run.

    Attributes:
        shape: (H, W) of the photo.
        groups: The groups of components.
        cell: Side in pixels of one cell of `owners`.
        owners: (ceil(H / cell), ceil(W / cell)) int32: index into `groups` of the group whose hole
            lies in the cell, -1 where none does.
        cost: Sum of the windows' costs, in the unit of the cost table (seconds), or in pixels.
    """

    shape: tuple[int, int]
    groups: tuple[Group, ...]
    cell: int
    owners: NDArray[np.int32]
    cost: float

    @property
    def windows(self) -> tuple[Box, ...]:
        """Every window of every scale of every group."""
        return tuple(
            window for group in self.groups for scale in group.scales for window in scale.windows
        )

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors in use, coarsest first; (1,) when everything is filled at native size."""
        return tuple(sorted({s.factor for g in self.groups for s in g.scales}, reverse=True))

    def owned(self, group: int, box: Box, factor: int = 1) -> NDArray[np.bool_]:
        """Which pixels of a box (inside the photo, at scale `factor`) lie in cells of a group."""
        rows = (np.arange(box.top, box.bottom) * factor) // self.cell
        columns = (np.arange(box.left, box.right) * factor) // self.cell
        return np.asarray(self.owners[np.ix_(rows, columns)] == group)


def plan(
    hole: Hole,
    sizes: Sequence[int],
    *,
    context: float = CONTEXT,
    costs: Mapping[int, float] | None = None,
) -> Plan:
    """Plan the windows that fill a hole.

    Args:
        hole: (H, W) bool, True is hole.
        sizes: Window sizes that the engine has warmed, in pixels.
        context: Share of a component's extent that its window shows on every side, where the photo
            has it.
        costs: What one window of each size costs, usually in seconds; its pixels when not given.

    Raises:
        ValueError: nothing is known, there is no size, or `context` is negative.
    """
    if not sizes:
        raise ValueError("no window size to plan with")
    if context < 0:
        raise ValueError(f"context is a share of the hole's extent and not negative, got {context}")
    if hole.all():
        raise ValueError("every pixel is hole: nothing is known to fill it from")
    planner = _Planner(hole, tuple(sorted(sizes)), context, costs)
    return planner.plan()


def window_bound(area: int, count: int, size: int) -> int:
    """No plan for a hole of `area` pixels in `count` components has more windows than this."""
    return 16 * count + 64 * area // size


class _Planner:
    def __init__(
        self,
        hole: Hole,
        sizes: tuple[int, ...],
        context: float,
        costs: Mapping[int, float] | None,
    ) -> None:
        self.hole = hole
        self.height, self.width = hole.shape
        self.sizes = sizes
        self.context = context
        self.costs = {size: float(costs[size] if costs else size * size) for size in sizes}

    def plan(self) -> Plan:
        parts = find_components(self.hole)
        boxes = [Box(*(int(edge) for edge in box)) for box in parts.boxes]
        needs = [self._need(box) for box in boxes]
        wanted = np.array([(n.top, n.left, n.bottom, n.right) for n in needs], np.int64)
        members = group_boxes(
            wanted.reshape(-1, 4), self.sizes, [self.costs[size] for size in self.sizes]
        )
        owner = np.full(len(boxes) + 1, -1, np.int32)  # the last entry stands for label -1
        groups = []
        for index, group in enumerate(members):
            owner[group] = index
            hole = bounding_box([boxes[member] for member in group])
            need = bounding_box([needs[member] for member in group])
            depth = max(parts.depths[member] for member in group)
            groups.append(Group(hole, self._scales(hole, need, depth)))
        owners = owner[parts.labels]
        cost = sum(self.costs[w.height] for g in groups for s in g.scales for w in s.windows)
        return Plan((self.height, self.width), tuple(groups), parts.cell, owners, cost)

    def _need(self, box: Box) -> Box:
        """A component with its context, inside the photo."""
        rows = max(MIN_CONTEXT, int(np.ceil(self.context * box.height)))
        columns = max(MIN_CONTEXT, int(np.ceil(self.context * box.width)))
        return box.grow(rows, columns).clip(self.height, self.width)

    def _scales(self, hole: Box, need: Box, depth: float) -> tuple[Scale, ...]:
        size = smallest_size(need, self.sizes)
        if size is not None:
            return (Scale(1, (window_around(need, size, self.height, self.width),)),)
        scales = [Scale(1, self._grid(hole, 1))]
        if depth * THICK > self.sizes[-1]:
            scales += self._coarser(hole, need)
        return tuple(reversed(scales))

    def _coarser(self, hole: Box, need: Box) -> list[Scale]:
        """The scales above native resolution, finest first, up to one that a window holds."""
        scales: list[Scale] = []
        factor = 1
        while True:
            factor *= RATIO
            reduced = need.reduce(factor)
            size = smallest_size(reduced, self.sizes)
            height, width = -(-self.height // factor), -(-self.width // factor)
            if size is not None:
                return [*scales, Scale(factor, (window_around(reduced, size, height, width),))]
            scales.append(Scale(factor, self._grid(hole, factor)))

    def _grid(self, hole: Box, factor: int) -> tuple[Box, ...]:
        """Windows of the largest size over the hole, at scale `factor`, that have hole in them."""
        size = self.sizes[-1]
        height, width = -(-self.height // factor), -(-self.width // factor)
        margin = size // THICK
        box = hole.reduce(factor).grow(margin, margin).clip(height, width)
        windows = window_grid(box, size, size // OVERLAP, height, width)
        return tuple(window for window in windows if self._has_hole(window, factor))

    def _has_hole(self, window: Box, factor: int) -> bool:
        inside = window.enlarge(factor).clip(self.height, self.width)
        return bool(self.hole[inside.slices].any())

"""What a plan is: groups of components, their scales, and the windows of each scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole
from service.inpainting.boxes import Box


@dataclass(frozen=True, slots=True)
class Scale:
    """The windows of one group at one scale.

    Attributes:
        factor: Photo pixels per pixel of this scale; 1 is native resolution.
        windows: Square windows of one size in pixels of this scale (photo coordinates over
            `factor`); they may hang over the photo.
    """

    factor: int
    windows: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Components that are filled together.

    Attributes:
        hole: Bounding box of the components in photo pixels.
        scales: From the coarsest to native resolution.
    """

    hole: Box
    scales: tuple[Scale, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What `fill` will run.

    Attributes:
        shape: (H, W) of the photo.
        groups: The groups of components; none where the hole is empty.
        cell: Side in pixels of one cell of `owners`.
        owners: (ceil(H / cell), ceil(W / cell)) int32: index into `groups` of the group whose hole
            lies in the cell, -1 where none does.
        cost: Sum of the windows' costs: seconds if the planner was given seconds, else pixels.
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
        """The factors in use, coarsest first: (1,) where all is filled at native resolution."""
        factors = {scale.factor for group in self.groups for scale in group.scales}
        return tuple(sorted(factors, reverse=True))


def owned(owners: NDArray[np.int32], cell: int, group: int, box: Box, factor: int = 1) -> Hole:
    """Which pixels of a box lie in cells of a group.

    Args:
        owners: Groups of the photo's cells, as in `Plan`.
        cell: Side of a cell in photo pixels.
        group: Index of the group.
        box: A box inside the photo, in pixels of the scale `factor`.
        factor: Photo pixels per pixel of the box's scale.

    Returns:
        Bool, of the box's shape.
    """
    rows = np.arange(box.top, box.bottom) * factor // cell
    columns = np.arange(box.left, box.right) * factor // cell
    return np.asarray(owners[np.ix_(rows, columns)] == group)

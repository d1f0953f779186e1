"""Which components share a window.

Components are merged as long as one window for all is cheaper than a window for each, so that a
thousand specks cost a few dozen windows and two far corners still cost two.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def group_boxes(
    boxes: NDArray[np.int64], sizes: Sequence[int], costs: Sequence[float]
) -> list[list[int]]:
    """Merge boxes greedily, best saving first, nearest first among equal savings.

    Args:
        boxes: (N, 4): top, left, bottom, right of what each component wants to see.
        sizes: Window sizes in pixels, ascending.
        costs: What one window of each size costs.

    Returns:
        Indices of the boxes of each group, in reading order of the groups' first boxes. A box that
        no window holds is a group of its own.
    """
    cost = np.array([*costs, np.inf])
    own = cost[_smallest(boxes, sizes)]
    free = np.ones(len(boxes), bool)
    groups = []
    for seed in np.lexsort((boxes[:, 1], boxes[:, 0])):
        if not free[seed]:
            continue
        free[seed] = False
        members = [int(seed)]
        if np.isfinite(own[seed]):
            members += _absorb(boxes, boxes[seed], own, cost, sizes, free & np.isfinite(own))
        free[members] = False
        groups.append(members)
    return groups


def _absorb(
    boxes: NDArray[np.int64],
    box: NDArray[np.int64],
    own: NDArray[np.float64],
    cost: NDArray[np.float64],
    sizes: Sequence[int],
    free: NDArray[np.bool_],
) -> list[int]:
    """The free boxes that are worth joining to a window around `box`."""
    members: list[int] = []
    candidates = np.nonzero(free)[0]
    while len(candidates):
        union = _union(box, boxes[candidates])
        now = cost[_smallest(box[None], sizes)[0]]
        saving = now + own[candidates] - cost[_smallest(union, sizes)]
        extent = (union[:, 2] - union[:, 0]) + (union[:, 3] - union[:, 1])
        best = np.lexsort((extent, -saving))[0]
        if saving[best] <= 0:
            break
        members.append(int(candidates[best]))
        box = union[best]
        candidates = np.delete(candidates, best)
    return members


def _union(box: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.hstack((np.minimum(box[:2], others[:, :2]), np.maximum(box[2:], others[:, 2:])))


def _smallest(boxes: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.intp]:
    """Index of the smallest size that holds each box; `len(sizes)` where none does."""
    side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return np.asarray(np.searchsorted(sizes, side), np.intp)

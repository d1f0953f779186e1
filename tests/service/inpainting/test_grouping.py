import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.inpainting.grouping import group_boxes

SIZES = (64, 128)
COSTS = (64**2, 128**2)


def groups_of(*boxes: tuple[int, int, int, int]) -> list[list[int]]:
    return group_boxes(np.array(boxes, np.int64).reshape(-1, 4), SIZES, COSTS)


def test_neighbours_share_and_far_ones_do_not() -> None:
    groups = groups_of((0, 0, 10, 10), (40, 40, 50, 50), (500, 500, 510, 510))
    assert sorted(map(sorted, groups)) == [[0, 1], [2]]


def test_two_specks_are_not_worth_a_window_four_times_the_cost() -> None:
    assert len(groups_of((0, 0, 10, 10), (80, 80, 90, 90))) == 2


def test_a_box_that_no_window_holds_stays_alone() -> None:
    groups = groups_of((0, 0, 300, 5), (10, 10, 20, 20))
    assert sorted(groups) == [[0], [1]]


def test_nothing_to_group() -> None:
    assert groups_of() == []


box = st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 150), st.integers(1, 150))


@settings(deadline=None)
@given(drawn=st.lists(box, max_size=30))
def test_grouping_never_costs_more_and_loses_nothing(drawn: list[tuple[int, ...]]) -> None:
    boxes = [(top, left, top + height, left + width) for top, left, height, width in drawn]
    groups = groups_of(*boxes)
    assert sorted(member for group in groups for member in group) == list(range(len(boxes)))

    def cost(group: list[int]) -> float:
        corners = np.array([boxes[member] for member in group])
        side = int((corners[:, 2:].max(axis=0) - corners[:, :2].min(axis=0)).max())
        if side > SIZES[-1]:
            assert len(group) == 1
            return 0
        return COSTS[0] if side <= SIZES[0] else COSTS[1]

    assert sum(map(cost, groups)) <= sum(cost([index]) for index in range(len(boxes)))

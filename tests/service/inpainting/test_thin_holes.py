import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.arrays import Hole
from service.inpainting.thin_holes import widen_thin
from tests.service.inpainting.holes import holes


def blank() -> Hole:
    return np.zeros((40, 50), np.bool_)


def test_a_line_is_shown_as_wide_as_the_network_knows_lines() -> None:
    for width in (2, 3):
        hole = blank()
        hole[10] = True
        shown = widen_thin(hole, width)
        assert np.flatnonzero(shown.any(axis=1)).tolist() == list(range(10, 10 + width))
        assert shown[10 : 10 + width].all()


def test_diagonals_and_specks_are_widened_too() -> None:
    hole = blank()
    hole[np.arange(5, 30), np.arange(5, 30)] = True
    hole[35, 45] = True
    shown = widen_thin(hole, 2)
    assert shown[35:37, 45:47].all()
    assert all(shown[at : at + 2, at : at + 2].all() for at in range(5, 30))
    assert not widen_thin(shown, 2)[~shown].any()


def test_what_is_wide_enough_stays_as_it_is() -> None:
    hole = blank()
    hole[5:7, 3:30] = True
    hole[20:35, 20:40] = True
    assert np.array_equal(widen_thin(hole, 2), hole)


def test_lines_side_by_side_do_not_hide_what_lies_between() -> None:
    hole = blank()
    hole[::2] = True
    assert np.array_equal(widen_thin(hole, 2), hole)


@settings(deadline=None, max_examples=60)
@given(hole=holes(), width=st.integers(1, 4))
def test_holes_only_grow_and_something_known_is_left(hole: Hole, width: int) -> None:
    shown = widen_thin(hole, width)
    assert shown[hole].all()
    assert hole.all() or not shown.all()
    near = cv2.dilate(hole.view(np.uint8), np.ones((2 * width - 1,) * 2, np.uint8)) > 0
    assert not shown[~near].any()


@pytest.mark.parametrize("width", [0, 1])
def test_a_width_of_one_widens_nothing(width: int) -> None:
    hole = blank()
    hole[3] = True
    assert widen_thin(hole, width) is hole

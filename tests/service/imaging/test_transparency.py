import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from service.imaging.transparency import (
    constant_around,
    cover,
    fill_constant,
    filled_alpha,
    unseen_pixels,
)
from service.inpainting import plan
from tests.service.pictures import box_hole

ALPHAS = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.sampled_from([0, 9, 200, 255]),
)


def test_what_transparency_hides_is_unseen():
    alpha = np.array([[0, 1, 255]], np.uint8)
    hole = np.array([[False, False, True]])
    unseen = unseen_pixels(hole, alpha)
    assert unseen is not None
    assert unseen.tolist() == [[True, False, True]]
    assert unseen_pixels(hole, np.array([[1, 1, 255]], np.uint8)) is None
    assert unseen_pixels(hole, None) is None


def touched_by_hand(alpha, hole):
    """Flood from the hole through everything that is not opaque."""
    reached = hole.copy()
    while True:
        padded = np.pad(reached, 1)
        around = np.any(
            [
                padded[y : y + alpha.shape[0], x : x + alpha.shape[1]]
                for y in range(3)
                for x in range(3)
            ],
            axis=0,
        )
        grown = reached | (around & (alpha < alpha.max()))
        if (grown == reached).all():
            return reached
        reached = grown


@given(ALPHAS)
def test_transparency_that_touches_the_hole_is_covered(alpha):
    hole = alpha < 128
    expected = np.where(touched_by_hand(alpha, hole), alpha.max(), alpha)
    cover(alpha, hole)
    np.testing.assert_array_equal(alpha, expected)


def two_holes():
    hole = box_hole(400, 400, top=50, left=50, side=20) | box_hole(
        400, 400, top=300, left=300, side=20
    )
    return hole, plan(hole, (64,))


def test_each_group_takes_the_alpha_that_is_constant_around_it():
    hole, planned = two_holes()
    alpha = np.full(hole.shape, 255, np.uint8)
    alpha[200:] = 77
    before = alpha.copy()
    alpha[hole] = 13
    around = constant_around(alpha, hole, planned)
    assert around == [255, 77]
    fill_constant(alpha, hole, planned, around)
    np.testing.assert_array_equal(alpha, before)


def test_an_edge_near_one_hole_is_filled_by_the_network_there_only():
    hole, planned = two_holes()
    alpha = np.full(hole.shape, 255, np.uint8)
    alpha[:, :40] = 0
    assert constant_around(alpha, hole, planned) == [None, 255]
    fill_constant(alpha, hole, planned, [None, 9])
    assert (alpha[50:70, 50:70] == 255).all()
    assert (alpha[300:320, 300:320] == 9).all()


@pytest.mark.parametrize(
    ("value", "sharp", "soft"), [(255, 255, 255), (160, 255, 160), (100, 18, 100)]
)
def test_edges_are_sharp_where_all_others_are(value, sharp, soft):
    hole = box_hole(40, 40)
    filled = np.full((40, 40, 3), value, np.uint8)
    hard = np.where(np.indices((40, 40))[1] < 20, 0, 255).astype(np.uint8)
    assert set(filled_alpha(filled, hard, hole)) == {sharp}
    slope = np.indices((40, 40))[1].astype(np.uint8)
    assert set(filled_alpha(filled, slope, hole)) == {soft}

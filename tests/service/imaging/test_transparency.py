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


def soft_erased(size: int, radius: float, background):
    """A photo's alpha with a round hole of an eraser without any hardness."""
    rows, columns = np.indices((size, size))
    distance = np.hypot(rows - size // 2, columns - size // 2)
    return (np.clip(distance / radius, 0, 1) * background).astype(np.uint8)


@pytest.mark.parametrize("background", [255, 200])
@pytest.mark.parametrize("radius", [6.0, 20.0, 45.0])
def test_the_ring_of_a_soft_eraser_goes_with_its_hole(background, radius):
    alpha = soft_erased(120, radius, background)
    cover(alpha, alpha < 128)
    assert (alpha == background).all()


def test_a_shadow_that_does_not_touch_the_hole_stays():
    alpha = soft_erased(120, 15, 255)
    alpha[:20] = 150
    cover(alpha, alpha < 128)
    assert (alpha[:20] == 150).all()
    assert (alpha[20:] == 255).all()


def test_a_photo_that_fades_keeps_its_alpha_away_from_the_hole():
    fading = np.linspace(255, 150, 200).astype(np.uint8)[None].repeat(120, 0)
    alpha = fading.copy()
    alpha[50:60, 100:110] = 0
    cover(alpha, alpha < 128)
    changed = alpha != fading
    assert changed.mean() < 0.06
    assert not changed[:, :70].any()
    assert not changed[:, 140:].any()


def test_one_opaque_pixel_does_not_make_a_layer_opaque():
    alpha = np.full((40, 60), 200, np.uint8)
    alpha[0, 0] = 255
    alpha[20:30, 20:30] = 0
    cover(alpha, alpha < 128)
    assert alpha[0, 0] == 255
    assert (alpha.ravel()[1:] == 200).all()


@given(ALPHAS)
def test_covering_fills_the_hole_and_takes_nothing_away(alpha):
    hole = alpha < 128
    if hole.all() or not hole.any():
        return
    before = alpha.copy()
    cover(alpha, hole)
    assert (alpha[hole] >= 128).all()
    assert (alpha >= before).all()


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

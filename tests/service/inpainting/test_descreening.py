"""The lattice's grid of dots is taken out, the picture's own detail is not."""

import cv2
import numpy as np
import pytest

from service.inpainting.descreening import _descreened, descreen

SIZE, PERIOD = 128, 4


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    small = rng.integers(60, 190, (9, 9, 3)).astype(np.uint8)
    smooth = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    return (smooth + rng.integers(-15, 16, smooth.shape)).astype(np.uint8)


@pytest.fixture
def mask():
    inside = np.zeros((SIZE, SIZE), np.bool_)
    inside[20:110, 15:100] = True
    return inside


def dots(strength, phase):
    grid = np.zeros((SIZE, SIZE, 1), np.int16)
    grid[phase::PERIOD, phase::PERIOD] = strength
    return grid


def rms(difference, mask):
    return float(np.sqrt(np.mean(np.square(difference[mask], dtype=np.float64))))


@pytest.mark.parametrize("phase", range(PERIOD))
def test_a_grid_of_dots_goes_at_any_phase(picture, mask, phase):
    dotted = np.where(mask[..., None], picture + dots(20, phase), picture).astype(np.uint8)
    # Dots that are 20 too bright make the whole brighter by 20 / 16, which is no pattern.
    wanted = np.where(mask[..., None], picture + 20 / PERIOD**2, picture)
    before = rms(dotted - wanted, mask)
    after = rms(descreen(dotted, mask, PERIOD) - wanted, mask)
    assert before == pytest.approx(4.84, abs=0.1)
    assert after < 0.5 * before


def test_detail_without_the_period_stays(picture, mask):
    change = descreen(picture, mask, PERIOD).astype(float) - picture
    detail = picture - cv2.blur(picture, (9, 9)).astype(float)
    assert rms(change, mask) < 0.25 * rms(detail, mask)


def test_nothing_outside_the_mask_changes(picture, mask):
    result = descreen(picture + dots(20, 1).astype(np.uint8), mask, PERIOD)
    outside = ~mask
    np.testing.assert_array_equal(
        result[outside], (picture + dots(20, 1).astype(np.uint8))[outside]
    )


def test_a_slope_is_no_pattern(mask):
    ramp = np.broadcast_to(np.arange(SIZE, dtype=np.uint8)[None, :, None], (SIZE, SIZE, 3))
    assert np.abs(descreen(ramp.copy(), mask, PERIOD).astype(int) - ramp).max() <= 1


@pytest.mark.parametrize("box", [(40, 60, 50, 75), (0, 30, 1, 128), (100, 128, 90, 128)])
def test_only_what_surrounds_the_mask_is_looked_at(picture, box):
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[box[0] : box[1], box[2] : box[3]] = True
    np.testing.assert_array_equal(
        descreen(picture, mask, PERIOD), _descreened(picture, mask, PERIOD)
    )


def test_an_empty_mask_changes_nothing(picture):
    np.testing.assert_array_equal(
        descreen(picture, np.zeros((SIZE, SIZE), np.bool_), PERIOD), picture
    )

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.arrays import Image
from service.inpainting.blending import PEAK, Blend, window_weights
from service.inpainting.boxes import Box
from tests.service.inpainting.grids import window_grid

SIZE = 16


def test_weights_are_positive_symmetric_and_flat_in_the_middle() -> None:
    weights = window_weights(64, 16)
    assert weights.min() >= 1
    assert weights.max() == PEAK**2
    assert np.array_equal(weights, weights[::-1])
    assert np.array_equal(weights, weights.T)
    assert (weights[16:48, 16:48] == PEAK**2).all()
    assert (np.diff(weights[32, :17]) >= 0).all()


def blended(height: int, width: int, windows: list[tuple[Box, Image]]) -> Image:
    target = np.full((height, width, 3), 99, np.uint8)
    blend = Blend(target, Box(0, 0, height, width), SIZE)
    for box, prediction in windows:
        blend.add(box, prediction, np.ones((SIZE, SIZE), np.bool_))
    blend.finish()
    return target


@settings(deadline=None)
@given(height=st.integers(1, 60), width=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_blend_is_the_weighted_mean_in_any_order_of_a_row(
    height: int, width: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    boxes = window_grid(Box(0, 0, height, width), SIZE, SIZE // 4, height, width)
    windows = [(box, rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)) for box in boxes]
    total = np.zeros((height, width, 3))
    weight = np.zeros((height, width, 1))
    for box, prediction in windows:
        inside = box.clip(height, width)
        local = inside.shift(-box.top, -box.left).slices
        share = window_weights(SIZE, SIZE // 4)[local][..., None]
        total[inside.slices] += prediction[local] * share
        weight[inside.slices] += share
    result = blended(height, width, windows)
    assert np.abs(result - total / weight).max() <= 0.501
    backwards = sorted(windows, key=lambda window: (window[0].top, -window[0].left))
    assert np.array_equal(blended(height, width, backwards), result)


def test_a_pixel_of_one_window_is_exactly_its_prediction() -> None:
    prediction = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    result = blended(40, 30, [(Box(20, 5, 36, 21), prediction)])
    assert np.array_equal(result[20:36, 5:21], prediction)


def test_only_masked_pixels_are_written() -> None:
    target = np.full((20, 20, 3), 99, np.uint8)
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[3, 4] = True
    blend = Blend(target, Box(0, 0, 20, 20), SIZE)
    blend.add(Box(-2, -1, 14, 15), np.zeros((SIZE, SIZE, 3), np.uint8), mask)
    blend.finish()
    assert (target[1, 3] == 0).all()
    assert (target == 99).sum() == target.size - 3


def test_black_counts_as_a_colour() -> None:
    """A merge by `!= 0` would take black for empty; weights do not."""
    black = np.zeros((SIZE, SIZE, 3), np.uint8)
    white = np.full((SIZE, SIZE, 3), 200, np.uint8)
    result = blended(SIZE, SIZE, [(Box(0, 0, SIZE, SIZE), black), (Box(0, 0, SIZE, SIZE), white)])
    assert (result == 100).all()

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.arrays import Hole
from service.inpainting.boxes import Box
from service.inpainting.layers import Layer, reduce
from tests.service.inpainting.holes import holes


@settings(deadline=None, max_examples=40)
@given(hole=holes(max_side=60), factor=st.sampled_from([2, 4, 16]), seed=st.integers(0, 99))
def test_reduce_averages_known_pixels_of_each_block(hole: Hole, factor: int, seed: int) -> None:
    height, width = hole.shape
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    box = Box(0, 0, -(-height // factor), -(-width // factor))
    layer = reduce(image, hole, box, factor)
    for row in range(box.height):
        for column in range(box.width):
            block = Box(row, column, row + 1, column + 1).enlarge(factor).slices
            known = image[block][~hole[block]]
            assert layer.hole[row, column] == (len(known) == 0)
            if len(known):
                difference = layer.image[row, column] - known.mean(axis=0)
                assert np.abs(difference).max() <= 0.501


def test_reduce_of_a_part_equals_the_part_of_the_reduced_photo() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (1500, 1411, 3), np.uint8)
    hole = rng.random((1500, 1411)) < 0.9
    whole = reduce(image, hole, Box(0, 0, 375, 353), 4)
    part = reduce(image, hole, Box(100, 7, 370, 353), 4)
    assert (part.factor, part.top, part.left) == (4, 100, 7)
    assert np.array_equal(part.image, whole.image[100:370, 7:])
    assert np.array_equal(part.hole, whole.hole[100:370, 7:])


def test_what_lies_under_the_hole_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    hole = rng.random((40, 40)) < 0.5
    image = rng.integers(0, 256, (40, 40, 3), np.uint8)
    poisoned = np.where(hole[..., None], np.uint8(255), image)
    box = Box(0, 0, 10, 10)
    assert np.array_equal(reduce(image, hole, box, 4).image, reduce(poisoned, hole, box, 4).image)


def test_a_window_is_black_and_hole_where_nothing_is_known() -> None:
    image = np.full((4, 4, 3), 9, np.uint8)
    hole = np.zeros((4, 4), np.bool_)
    hole[0, 0] = True
    layer = Layer(image, hole, factor=2, top=10, left=20)
    box = Box(9, 19, 12, 22)
    window, missing = layer.window(box)
    assert missing.tolist() == [[True, True, True], [True, True, False], [True, False, False]]
    assert np.array_equal(window[..., 0], np.where(missing, 0, 9))
    assert layer.inside(box) == Box(10, 20, 12, 22)
    assert layer.hole_in(layer.inside(box)).tolist() == [[True, False], [False, False]]

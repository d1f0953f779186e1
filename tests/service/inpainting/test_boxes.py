import numpy as np
import pytest

from service.inpainting.boxes import Box, bounding_box, cut, extent


def test_reduce_covers_the_box_and_enlarge_undoes_whole_blocks() -> None:
    assert Box(3, 8, 9, 17).reduce(4) == Box(0, 2, 3, 5)
    assert Box(4, 8, 12, 16).reduce(4).enlarge(4) == Box(4, 8, 12, 16)
    assert Box(-5, -4, 1, 4).reduce(4) == Box(-2, -1, 1, 1)


def test_grow_shift_and_clip() -> None:
    box = Box(1, 2, 3, 5)
    assert box.grow(2, 1).clip(4, 5) == Box(0, 1, 4, 5)
    assert box.shift(-1, 3) == Box(0, 5, 2, 8)
    assert (box.height, box.width) == (2, 3)


def test_bounding_box_holds_all() -> None:
    assert bounding_box([Box(1, 9, 2, 10), Box(0, 4, 5, 6)]) == Box(0, 4, 5, 10)


@pytest.mark.parametrize(
    "box", [Box(1, 1, 3, 3), Box(-2, -2, 2, 2), Box(2, 3, 9, 9), Box(-1, -1, 9, 9), Box(8, 8, 9, 9)]
)
def test_cut_equals_slicing_a_padded_array(box: Box) -> None:
    array = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    padded = np.pad(array, ((9, 9), (9, 9), (0, 0)), constant_values=200)
    assert np.array_equal(cut(array, box, 200), padded[box.shift(9, 9).slices])


def test_cut_is_a_copy() -> None:
    array = np.zeros((4, 4), np.bool_)
    cut(array, Box(0, 0, 2, 2), True)[:] = True
    assert not array.any()


def test_the_extent_of_a_mask_holds_every_pixel_of_it() -> None:
    mask = np.zeros((9, 12), np.bool_)
    mask[2, 5] = mask[6, 3] = True
    assert extent(mask) == Box(2, 3, 7, 6)
    mask[8, 11] = True
    assert extent(mask) == Box(2, 3, 9, 12)

import numpy as np
import pytest

from service.inpainting import feathering
from service.inpainting.feathering import Under, feather_inside, under_hole
from tests.service.pictures import noise


def faded(width: int) -> np.ndarray:
    hole = np.zeros((30, 40), np.bool_)
    hole[5:25, 5:35] = True
    result = np.full((30, 40, 3), 200, np.uint8)
    feather_inside(result, Under(np.zeros((hole.sum(), 3), np.uint8)), hole, width)
    return result[..., 0]


def test_it_fades_in_from_the_rim_and_leaves_the_rest() -> None:
    result = faded(4)
    assert result[15, 5:10].tolist() == [40, 80, 120, 160, 200]
    assert (result[9:21, 9:31] == 200).all()
    assert (result[:5] == 200).all()


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = faded(6)
    monkeypatch.setattr(feathering, "STRIP_PIXELS", 120)
    assert np.array_equal(faded(6), whole)


def test_a_photo_that_is_mostly_hole_fades_at_its_known_corner() -> None:
    hole = np.ones((9, 9), np.bool_)
    hole[0, 0] = False
    result = np.full((9, 9, 3), 90, np.uint8)
    feather_inside(result, Under(np.zeros((80, 3), np.uint8)), hole, 2)
    assert result[0, :4, 0].tolist() == [90, 30, 60, 90]


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_each_pixel_fades_to_what_was_under_it_unless_that_was_hidden(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(feathering, "STRIP_PIXELS", rows * 20)
    image, fill = noise(16, 20, seed=1), noise(16, 20, seed=2)
    alpha = noise(16, 20, 1) // 128
    hole = noise(16, 20, 1, seed=3) > 60
    result = fill.copy()
    feather_inside(result, under_hole(image, alpha, hole), hole, 1)
    known = np.pad(~hole, 1)
    rim = known[:-2, 1:-1] | known[2:, 1:-1] | known[1:-1, :-2] | known[1:-1, 2:]
    faded = hole & rim & (alpha > 0)
    assert np.abs(result[faded] - (image[faded] / 2 + fill[faded] / 2)).max() <= 0.5
    np.testing.assert_array_equal(result[~faded], fill[~faded])

import numpy as np
import pytest

from service.inpainting import feathering
from service.inpainting.feathering import feather_inside


def faded(width: int) -> np.ndarray:
    hole = np.zeros((30, 40), np.bool_)
    hole[5:25, 5:35] = True
    result = np.full((30, 40, 3), 200, np.uint8)
    feather_inside(result, np.zeros_like(result), hole, width)
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
    feather_inside(result, np.zeros_like(result), hole, 2)
    assert result[0, :4, 0].tolist() == [90, 30, 60, 90]

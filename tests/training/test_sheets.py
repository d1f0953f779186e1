from pathlib import Path

import cv2
import numpy as np
import pytest

from training.sheets import BACKGROUND, GAP, TITLE_HEIGHT, sheet, write_png


def flat(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((10, 12, 3), colour, np.uint8)


def test_pictures_stand_in_rows_and_columns() -> None:
    red, blue, grey = flat((200, 0, 0)), flat((0, 0, 200)), np.full((10, 12), 77, np.uint8)
    laid = sheet([[red, blue], [grey]])
    assert laid.shape == (2 * (10 + GAP), 2 * (12 + GAP) + GAP, 3)
    assert np.array_equal(laid[:10, GAP : GAP + 12], red)
    assert np.array_equal(laid[:10, 2 * GAP + 12 : 2 * GAP + 24], blue)
    assert (laid[10 + GAP : 20 + GAP, GAP : GAP + 12] == 77).all()
    assert (laid[10 + GAP :, 2 * GAP + 12 :] == BACKGROUND).all()


def test_titles_are_written_above() -> None:
    plain = sheet([[flat((0, 0, 0))]])
    titled = sheet([[flat((0, 0, 0))]], columns=["i"], titles=["x"])
    assert titled.shape[0] == plain.shape[0] + 2 * TITLE_HEIGHT
    for strip in (titled[:TITLE_HEIGHT], titled[TITLE_HEIGHT : 2 * TITLE_HEIGHT]):
        assert strip.max() > BACKGROUND + 100
    assert np.array_equal(titled[2 * TITLE_HEIGHT :], plain)


def test_pictures_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        sheet([[flat((0, 0, 0)), np.zeros((11, 12, 3), np.uint8)]])
    with pytest.raises(ValueError, match="one size"):
        sheet([])


def test_png_comes_back_as_rgb(tmp_path: Path) -> None:
    picture = flat((200, 100, 50))
    path = tmp_path / "new" / "folder" / "sheet.png"
    write_png(path, picture)
    read = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    assert np.array_equal(read, picture)

"""Sheets of samples."""

import cv2
import numpy as np

from training.sample_sheet import COLUMNS, HOLE_GREY, write_sample_sheet
from training.sheets import GAP, TITLE_HEIGHT


def test_a_sheet_shows_input_prediction_composite_and_truth(tmp_path):
    image = np.full((3, 64, 64, 3), 0.25, np.float32)
    truth, prediction = image * 0 + 0.5, image * 0 + 1.5
    mask = np.ones((3, 64, 64, 1), np.float32)
    mask[:, 20:40, 20:40] = 0
    write_sample_sheet(tmp_path / "sheet.png", image, mask, prediction, truth, most=2)
    seen = cv2.imread(str(tmp_path / "sheet.png"))[..., 0]
    # Row 1: the middle of each picture, then its corner.
    top = TITLE_HEIGHT
    lefts = [GAP + number * (64 + GAP) for number in range(len(COLUMNS))]
    assert [int(seen[top + 30, left + 30]) for left in lefts] == [HOLE_GREY, 255, 255, 128]
    assert [int(seen[top + 5, left + 5]) for left in lefts] == [64, 255, 128, 128]
    assert seen.shape[0] < top + 3 * 64

import argparse
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.commands import masks


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    masks.add_arguments(parser)
    return masks.run(parser.parse_args(words))


def test_sheet_of_all_buckets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sheet.png"
    assert run("-o", str(path), "--size", "64", "--count", "2") == 0
    assert "12 rows of 2 masks" in capsys.readouterr().out
    sheet = cv2.imread(str(path))
    assert sheet.shape[0] > 12 * 64
    assert 0.1 < (sheet == 255).mean() < 0.6


def test_sheet_of_a_folder(tmp_path: Path) -> None:
    hole = np.zeros((80, 80), np.uint8)
    hole[20:60, 20:60] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), hole)
    path = tmp_path / "sheet.png"
    words = ("--folder", str(tmp_path), "-o", str(path), "--size", "64", "--count", "3")
    assert run(*words) == 0
    assert cv2.imread(str(path)).shape[1] < 4 * 70

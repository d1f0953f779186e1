"""The examples for curl and Python, run as their first lines say, against a real server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest


def run(command: list[str | Path], server: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | {"INPAINT_URL": server},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def assert_filled(photo: Path, mask: Path, filled: Path) -> None:
    before, after = cv2.imread(str(photo)), cv2.imread(str(filled))
    hole = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) > 127
    np.testing.assert_array_equal(after[~hole], before[~hole])
    assert (after[hole] != before[hole]).any(axis=-1).mean() > 0.9


@pytest.fixture(params=["curl.sh", "python_sync.py", "python_job.py"])
def command(request: pytest.FixtureRequest, examples: Path) -> list[str | Path]:
    if request.param.endswith(".py"):
        return [sys.executable, examples / request.param]
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return [examples / request.param]


def test_one_photo(
    command: list[str | Path], server: str, photo: Path, mask: Path, tmp_path: Path
) -> None:
    answer = run([*command, photo, mask, tmp_path / "filled.png"], server)
    assert answer.returncode == 0, answer.stderr
    assert_filled(photo, mask, tmp_path / "filled.png")


def test_an_error_is_shown_in_words_and_leaves_no_file(
    command: list[str | Path], server: str, photo: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    answer = run([*command, photo, broken, tmp_path / "filled.png"], server)
    assert answer.returncode != 0
    assert "415" in answer.stderr
    assert not (tmp_path / "filled.png").exists()


def test_a_folder(examples: Path, server: str, photo: Path, mask: Path, tmp_path: Path) -> None:
    photos, masks, filled = (tmp_path / name for name in ("photos", "masks", "filled"))
    photos.mkdir()
    masks.mkdir()
    for number in range(6):
        shutil.copy(photo, photos / f"{number}.png")
        shutil.copy(mask, masks / f"{number}.png")
    answer = run([sys.executable, examples / "python_async.py", photos, masks, filled], server)
    assert answer.returncode == 0, answer.stderr
    assert len(list(filled.iterdir())) == 6
    for picture in filled.iterdir():
        assert_filled(photo, mask, picture)

import re
from pathlib import Path

import numpy as np
import pytest

from service.commands.plan import EXIT_ENGINE, EXIT_FAILED, EXIT_SETTINGS, main
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of 700 x 900 pixels in a folder with its mask, mask.png."""
    (tmp_path / "mask.png").write_bytes(mask_file(box_hole(700, 900, 100, 100, 300)))
    path = tmp_path / "photo.png"
    path.write_bytes(file_of(noise(700, 900)))
    return path


@pytest.fixture(autouse=True)
def _sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPAINT_WINDOW_SIZES", "128,256")


def test_it_tells_scales_windows_and_cost(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), str(photo.with_name("mask.png"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"1/\d: 1 of (128|256) px", lines[0])
    assert lines[1].startswith("native: ")
    assert any(line.startswith("estimated cost: ") and "pixels" in line for line in lines)


def test_it_draws_holes_and_windows(photo: Path) -> None:
    picture = photo.with_name("plan.png")
    assert main([str(photo), str(photo.with_name("mask.png")), "-o", str(picture)]) == 0
    drawn = samples_of(picture.read_bytes())
    assert (drawn == (255, 60, 60)).all(axis=-1).sum() > 0.5 * 300**2


def test_time_needs_the_engine(
    photo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(photo), str(photo.with_name("mask.png")), "--time"]
    monkeypatch.setenv("INPAINT_ENGINE", "dummy")
    assert main(arguments) == 0
    assert "seconds" in capsys.readouterr().out
    monkeypatch.setenv("INPAINT_ENGINE", "onnx")
    monkeypatch.setenv("INPAINT_MODEL", "none.onnx")
    assert main(arguments) == EXIT_ENGINE
    assert "none.onnx" in capsys.readouterr().err


def test_less_context_needs_smaller_windows(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(photo), str(photo.with_name("mask.png")), "--invert-mask"]
    photo.with_name("mask.png").write_bytes(mask_file(~box_hole(700, 900, 250, 300, 60)))
    main([*arguments, "--context", "1"])
    wide = capsys.readouterr().out
    main([*arguments, "--context", "0"])
    assert "native: 1 of 128 px" in capsys.readouterr().out
    assert "native: 1 of 256 px" in wide


def test_what_fails_is_said_in_words(
    photo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([str(photo.with_name("none.png"))]) == EXIT_FAILED
    assert "none.png" in capsys.readouterr().err
    photo.with_name("mask.png").write_bytes(mask_file(np.ones((700, 900), np.bool_)))
    assert main([str(photo), str(photo.with_name("mask.png"))]) == EXIT_FAILED
    assert "whole image" in capsys.readouterr().err
    monkeypatch.setenv("INPAINT_WINDOW_SIZES", "0")
    assert main([str(photo)]) == EXIT_SETTINGS

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.commands.fill import EXIT_ENGINE, EXIT_FAILED, EXIT_USAGE
from tests.service.commands.fills import HOLE, run
from tests.service.engine.onnx_models import write_painting_model
from tests.service.pictures import file_of, noise, samples_of


def test_one_photo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder / "in/a.png", folder / "mask.png", "-o", folder / "out.png") == 0
    before, after = noise(40, 50, seed=0), samples_of((folder / "out.png").read_bytes())
    assert np.array_equal(after[~HOLE], before[~HOLE])
    assert not np.array_equal(after[HOLE], before[HOLE])
    assert "2/2" in capsys.readouterr().err


def test_the_output_ending_chooses_the_format(folder: Path) -> None:
    for name, kind in (("x.webp", "WEBP"), ("x.jpg", "JPEG"), ("x.PNG", "PNG")):
        assert run("--quiet", folder / "in/a.png", folder / "mask.png", "-o", folder / name) == 0
        with Image.open(folder / name) as image:
            assert image.format == kind


def test_quiet_says_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--quiet", folder / "in", folder / "mask.png", "-o", folder / "out")
    assert capsys.readouterr() == ("", "")


def test_options_of_the_hole(folder: Path) -> None:
    arguments = (folder / "in/a.png", folder / "mask.png", "-o", folder / "out.png", "--quiet")
    before = noise(40, 50, seed=0)
    assert run(*arguments, "--invert-mask") == 0
    inverted = samples_of((folder / "out.png").read_bytes())
    assert np.array_equal(inverted[HOLE], before[HOLE])
    assert not np.array_equal(inverted[~HOLE], before[~HOLE])
    assert run(*arguments, "--dilate", 5) == 0
    grown = samples_of((folder / "out.png").read_bytes())
    assert not np.array_equal(grown[3:8, 10:18], before[3:8, 10:18])
    assert run(*arguments) == 0
    sharp = samples_of((folder / "out.png").read_bytes())
    assert run(*arguments, "--texture", "off") == 0
    plain = samples_of((folder / "out.png").read_bytes())
    assert not np.array_equal(plain[HOLE], sharp[HOLE])
    assert np.array_equal(plain[~HOLE], sharp[~HOLE])
    assert run(*arguments, "--seed", 7) == 0
    other = samples_of((folder / "out.png").read_bytes())
    assert not np.array_equal(other[HOLE], sharp[HOLE])
    assert np.array_equal(other[~HOLE], sharp[~HOLE])
    assert run(*arguments, "--feather", 3) == 0
    soft = samples_of((folder / "out.png").read_bytes())
    assert not np.array_equal(soft[8:11, 8:20], sharp[8:11, 8:20])
    assert np.array_equal(soft[11:17, 11:17], sharp[11:17, 11:17])


def test_a_folder_with_masks_by_stem(folder: Path) -> None:
    arguments = (folder / "in", folder / "masks", "-o", folder / "out", "--format", "webp")
    assert run(*arguments) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a.webp", "b.webp"]


def test_what_fails_is_listed_and_the_rest_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "in/broken.png").write_bytes(file_of(noise(40, 50))[:300])
    (folder / "in/other.png").write_bytes(file_of(noise(41, 50)))
    code = run("--quiet", folder / "in", folder / "mask.png", "-o", folder / "out")
    assert code == EXIT_FAILED
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a.png", "b.png"]
    first, second = capsys.readouterr().err.splitlines()
    assert "broken.png" in first
    assert "truncated" in first
    assert "other.png" in second
    assert "50 x 41" in second


def test_a_photo_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = folder / "in/none.png"
    assert run("--quiet", missing, folder / "mask.png", "-o", folder / "x.png") == EXIT_FAILED
    assert "none.png" in capsys.readouterr().err
    assert not (folder / "x.png").exists()


def test_transparency_serves_as_the_mask(folder: Path) -> None:
    pixels = noise(40, 50, channels=4)
    pixels[..., 3] = np.where(HOLE, 0, 255)
    (folder / "clear.png").write_bytes(file_of(pixels))
    assert run("--quiet", folder / "clear.png", "-o", folder / "out.png") == 0
    after = samples_of((folder / "out.png").read_bytes())
    assert (after[..., 3] == 255).all()
    assert np.array_equal(after[~HOLE], pixels[~HOLE])


def test_wrong_use_is_said_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, mask = folder / "in/a.png", folder / "mask.png"
    assert run(photo, mask, "-o", folder / "x.gif") == EXIT_USAGE
    assert "should end in" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        run(photo, mask, "-o", folder / "x.png", "--dilate", 257)
    assert stop.value.code == EXIT_USAGE
    with pytest.raises(SystemExit):
        run(photo, mask, "-o", folder / "x.png", "--seed", -1)
    assert "not between 0 and 2147483647" in capsys.readouterr().err
    monkeypatch.setenv("INPAINT_PORT", "minus one")
    assert run(photo, mask, "-o", folder / "x.png") == EXIT_USAGE


def test_a_missing_model_is_said_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INPAINT_ENGINE", "onnx")
    monkeypatch.setenv("INPAINT_MODEL", str(folder / "none.onnx"))
    code = run(folder / "in/a.png", folder / "mask.png", "-o", folder / "x.png")
    assert code == EXIT_ENGINE
    assert "none.onnx" in capsys.readouterr().err


def test_the_model_is_a_name_or_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INPAINT_ENGINE", "onnx")
    monkeypatch.setenv("INPAINT_MODELS", str(folder))
    monkeypatch.setenv("INPAINT_WINDOW_SIZES", "64")
    dark = write_painting_model(folder / "dark.onnx", 20)
    arguments = (folder / "in/a.png", folder / "mask.png", "-o", folder / "x.png", "--quiet")
    for model in ("dark", dark):
        (folder / "x.png").unlink(missing_ok=True)
        assert run(*arguments, "--texture", "off", "--model", model) == 0
        assert (samples_of((folder / "x.png").read_bytes())[HOLE] == 20).all()
    assert run(*arguments, "--model", "light") == EXIT_ENGINE
    assert "there is no model light" in (said := capsys.readouterr().err)
    assert "dark" in said


def test_only_the_rectangle_that_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (folder / "in/a.png", folder / "mask.png", "--quiet", "-o")
    assert run(*arguments, folder / "whole.png") == 0
    assert run(*arguments, folder / "part.png", "--crop") == 0
    whole, part = (samples_of((folder / f"{name}.png").read_bytes()) for name in ("whole", "part"))
    np.testing.assert_array_equal(part, whole[8:20, 8:20])
    assert capsys.readouterr().out == f"{folder / 'part.png'}: 8,8,12,12 of 50,40\n"
    none = folder / "none.png"
    assert run("--quiet", folder / "in/a.png", "-o", none, "--crop") == 0
    assert capsys.readouterr().out == f"{none}: 0,0,0,0 of 50,40\n"
    assert not none.exists()

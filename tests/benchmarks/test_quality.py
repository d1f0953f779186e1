"""The benchmark of pictures: photos, masks and methods brought together."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks import quality
from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.engine.signatures import LAMA as LAMA_SIGNATURE
from service.inpainting.filling import fill
from service.inpainting.planning import plan
from tests.service.engine.stand_ins import LAMA


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        small = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        write(tmp_path / f"photos/p{number}.png", cv2.resize(small, (96, 80)))
        mask = np.zeros((80, 96), np.uint8)
        mask[20:40, 30 : 45 + 5 * number] = 255
        write(tmp_path / f"masks/m{number}.png", mask)
    return tmp_path / "photos", tmp_path / "masks"


def test_masks_belong_to_photos_by_name_or_by_order(folders, tmp_path):
    photos, masks = folders
    found = list(quality.cases(photos, masks, 0, None))
    assert [int((case.hole > 0).sum()) for case in found] == [300, 400, 500]
    write(tmp_path / "named/p2.png", np.full((80, 96), 255, np.uint8))
    (only,) = quality.cases(photos, tmp_path / "named", 0, None)
    assert only.name == "p2"
    write(tmp_path / "other/x.png", np.zeros((80, 96), np.uint8))
    with pytest.raises(ValueError, match="3 photos and 1 masks"):
        list(quality.cases(photos, tmp_path / "other", 0, None))
    write(tmp_path / "named/p2.png", np.full((80, 90), 255, np.uint8))
    with pytest.raises(ValueError, match=r"no readable mask of the size of p2\.png"):
        list(quality.cases(photos, tmp_path / "named", 0, None))


def test_without_masks_the_seed_draws_the_holes(folders):
    one, same, other = (list(quality.cases(folders[0], None, seed, 2)) for seed in (1, 1, 2))
    assert len(one) == 2
    np.testing.assert_array_equal(one[0].hole, same[0].hole)
    assert not np.array_equal(one[0].hole, other[0].hole)


def test_what_changes_known_pixels_is_told(folders):
    case = next(quality.cases(*folders, 0, None))
    row, filled = quality.measure(case, quality.method("telea", {}), None)
    assert (row.changed, row.lpips) == (0, None)
    assert 0 < row.psnr < 100
    assert not np.array_equal(filled, case.photo)

    def spoils(photo, hole):
        spoilt = case.photo.copy()
        spoilt[0, :3] ^= 1
        return spoilt

    assert quality.measure(case, spoils, None)[0].changed == 3


def test_a_line_for_each_range_and_one_for_all():
    rows = [
        quality.Row("a", 0.05, 30, 0.9, 0.1, 0.5, 1, 0),
        quality.Row("b", 0.35, 20, 0.7, 0.3, 0.7, 3, 0),
    ]
    lines = quality.table({"x": rows})
    assert [line[1:4] for line in lines] == [
        ("0% to 10%", "1", "30.00"),
        ("30% to 40%", "1", "20.00"),
        ("all", "2", "25.00"),
    ]
    assert lines[-1][4:] == ("0.8000", "0.2000", "0.60", "2.00")
    assert len({len(line) for line in quality.as_text(lines).splitlines()}) == 1


def test_networks_of_other_projects_are_run_by_windows(folders, tmp_path):
    case = next(quality.cases(*folders, 0, None))
    path = replace(LAMA, size=64, batch=1).write(tmp_path / "x.onnx")
    row, filled = quality.measure(case, quality.method(str(path), {}), None)
    assert row.changed == 0
    inside = case.hole > 0
    windows = plan(inside, (64,), reach=LAMA_SIGNATURE.traits.reach)
    due = fill(case.photo, inside, windows, DummyEngine().infer, traits=LAMA_SIGNATURE.traits).image
    np.testing.assert_allclose(filled.astype(int), due, atol=2)
    (tmp_path / "y.onnx").write_bytes(b"no model")
    with pytest.raises(EngineError, match=r"y\.onnx cannot be loaded"):
        quality.method(str(tmp_path / "y.onnx"), {})


def test_what_is_nothing_is_refused():
    with pytest.raises(ValueError, match="no URL, no file and not 'telea'"):
        quality.method("missing.onnx", {})

"""Manifest, archives, deadlines and folders of a kit."""

import dataclasses
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tests.training.conftest import make_folder, make_photo
from training.canvas import lay_on_canvas
from training.kit import manifest as kit
from training.kit.archives import read_archive, write_archives
from training.kit.arriving import Arrivals, ArrivingStore
from training.kit.deadline import NAME, fit_into, read_deadline
from training.kit.pack import share_out
from training.learning.store import STEPS_PER_SHARD
from training.photos import PhotoFolder

CANVAS = (80, 96)


def manifest(**values):
    empty = {"record": {}, "photos": [], "shard": 0, "masks": {}, "banks": [], "vgg": {}}
    return kit.Manifest(**{"recipe": {"canvas": list(CANVAS)}, **empty, **values})


def test_a_manifest_comes_back_and_says_when_a_file_is_whole(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(b"whole")
    written = manifest(files={"weights.npz": kit.entry(path)})
    written.write(tmp_path / kit.NAME)
    read = kit.read_manifest(tmp_path)
    assert dataclasses.asdict(read) == dataclasses.asdict(written)
    assert read.has_arrived(tmp_path, "weights.npz")
    for broken in (b"who", b"whore", b"whole of it"):
        path.write_bytes(broken)
        assert not read.has_arrived(tmp_path, "weights.npz")
    path.unlink()
    assert not read.has_arrived(tmp_path, "weights.npz")


def test_a_missing_or_wrong_manifest_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="first folder"):
        kit.read_manifest(tmp_path)
    (tmp_path / kit.NAME).write_text('{"files": {}}')
    with pytest.raises(ValueError, match="no kit's manifest"):
        kit.read_manifest(tmp_path)


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """Photos with one that is larger than the canvas and one never drawn, in archives."""
    root = tmp_path_factory.mktemp("archives")
    photos = make_folder(root / "photos")
    large = cv2.cvtColor(make_photo(8, 200, 300), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(photos / "large.png"), large)
    folder = PhotoFolder([photos])
    chances = [0.0 if path.name == "photo0.png" else 2.0 for path in folder.paths]
    archives, most = write_archives(root, folder.paths, chances, CANVAS, 30_000)
    return folder, archives, most


def test_archives_hold_what_can_be_drawn_and_are_of_a_size(archived):
    _, archives, most = archived
    assert len(archives) > 1
    assert all(path.stat().st_size < 30_000 + 2_000 for path in archives)
    shards = [read_archive(path, CANVAS, most, workers=1) for path in archives]
    assert {shard.pixels.shape for shard in shards} == {(most, *CANVAS, 3)}
    drawn = [(s.chances > 0).sum() for s in shards]
    # Six photos and a large one, less the one without a chance and the two broken ones.
    assert sum(drawn) == 6
    assert max(drawn) == most
    assert {float(chance) for shard in shards for chance in shard.chances} <= {0, 2}
    canvases = np.concatenate([s.pixels[s.chances > 0] for s in shards])
    wanted = [lay_on_canvas(make_photo(seed), *CANVAS)[0] for seed in range(1, 6)]
    wanted.append(lay_on_canvas(make_photo(8, 200, 300), *CANVAS)[0])
    for canvas in wanted:
        # Larger photos travel scaled down, as WebP.
        assert min(np.abs(canvas.astype(int) - other).mean() for other in canvases) < 3


def test_photos_are_decoded_as_they_come_and_take_turns(archived, tmp_path):
    _, archives, most = archived
    said = []
    files = {path.name: kit.entry(path) for path in archives}
    made = manifest(photos=[path.name for path in archives], shard=most, files=files)
    arrivals = Arrivals(tmp_path, made, said.append)
    with arrivals:
        (tmp_path / archives[-1].name).write_bytes(archives[-1].read_bytes())
        arrivals.wait_for_photos()
        store = ArrivingStore(arrivals, 32, budget=1)
        first = store.at(0)
        assert {name: value.shape for name, value in first.items()} == {
            name: value.shape for name, value in store.shapes().items()
        }
        assert store.at(10 * STEPS_PER_SHARD)["photos"] is first["photos"]
        for path in archives:
            (tmp_path / path.name).write_bytes(path.read_bytes())
            arrivals.wait_for_file(path.name)
        arrivals._thread.join()
    assert len(arrivals.photos) == len(said) == len(archives)
    turns = {
        np.asarray(store.at(turn * STEPS_PER_SHARD)["photos"]).tobytes()
        for turn in range(len(archives))
    }
    assert len(turns) == len(archives)
    with pytest.raises(ValueError, match="at least 81 pixels"):
        ArrivingStore(arrivals, 81, None).at(0)


def test_an_archive_that_is_none_is_told_to_who_waits(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no archive")
    files = {"a.zip": kit.entry(tmp_path / "a.zip")}
    made = manifest(photos=["a.zip"], shard=1, files=files)
    with (
        Arrivals(tmp_path, made, lambda _: None) as arrivals,
        pytest.raises(RuntimeError, match="could not be read"),
    ):
        arrivals.wait_for_photos()


def test_nothing_to_send_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(ValueError, match="None of 1 photos"):
        write_archives(tmp_path, [tmp_path / "a.jpg"], [1.0], CANVAS, 1000)


def stage(minutes):
    return SimpleNamespace(name="a", minutes=minutes, steps=None if minutes else 5)


def test_what_is_left_is_shared_by_minutes():
    stages = [stage(1.0), stage(3.0)]
    assert fit_into(stages, 0, 400).minutes == pytest.approx(100 / 60)
    assert fit_into(stages, 1, 290).minutes == pytest.approx(290 / 60)
    assert fit_into(stages, 1, -5).minutes > 0  # late: one dispatch, then the end
    assert fit_into(stages, 1, None) is stages[1]
    with pytest.raises(ValueError, match="by minutes"):
        fit_into([stage(1.0), stage(None)], 0, 100)


def test_a_file_moves_the_deadline(tmp_path):
    assert read_deadline(tmp_path, None) is None
    assert read_deadline(tmp_path, 5.0) == 5
    (tmp_path / NAME).write_text("1700000000\n")
    assert read_deadline(tmp_path, 5.0) == 1.7e9


def test_folders_are_filled_in_order_and_none_is_too_large(tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "run.py").write_bytes(bytes(1000))
    late = []
    for number, size in enumerate((3000, 5000, 2500, 100)):
        late.append(tmp_path / f"{number}.zip")
        late[-1].write_bytes(bytes(size))
    out = tmp_path / "out"
    out.mkdir()
    folders = share_out(first, late, out, 5120 / 2**20)
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names == [
        ["0.zip", "run.py"],
        ["1.zip"],
        ["2.zip", "3.zip"],
    ]
    (tmp_path / "huge").write_bytes(bytes(6000))
    again = tmp_path / "again"
    again.mkdir()
    with pytest.raises(ValueError, match=r"huge is 0\.0 MiB, more than"):
        share_out(again, [tmp_path / "huge"], tmp_path / "out2", 5120 / 2**20)

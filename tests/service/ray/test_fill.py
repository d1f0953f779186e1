"""Photos that are filled on a Ray cluster."""

import argparse
import csv
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.__main__ import main as service
from service.filling.filler import Wish
from service.filling.tasks import Task
from service.ray import fill
from service.settings import Settings
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.ray.cluster import RAY, ROOT
from tests.service.servers import settings_of

PHOTOS, SIDE = 20, 48
HOLE = box_hole(SIDE, SIDE)

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed"
)


@pytest.fixture
def photos(tmp_path):
    """A folder with photos in folders, the last one broken, and a mask for all of them."""
    for number in range(PHOTOS):
        path = tmp_path / "photos" / str(number % 3) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(SIDE, SIDE, seed=number)).save(path)
    path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "mask.png").write_bytes(mask_file(HOLE))
    return tmp_path


def test_an_actor_fills_what_it_is_given_and_tells_what_failed(photos):
    found = sorted((photos / "photos").rglob("*.png"), key=lambda path: int(path.stem))
    tasks = [
        Task(path, photos / "mask.png", photos / "out" / path.name)
        for path in (found[0], found[-1])
    ]
    actor = fill.Actor(settings_of(), Wish())
    told = actor({"task": [pickle.dumps(task) for task in tasks]})
    one, other = map(pickle.loads, told["outcome"])
    assert (one.task, one.state, other.state) == (tasks[0], "filled", "failed")
    filled = np.asarray(Image.open(tasks[0].output))
    np.testing.assert_array_equal(filled[~HOLE], noise(SIDE, SIDE, seed=0)[~HOLE])
    assert not tasks[1].output.exists()


def test_without_ray_it_says_what_brings_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray.exceptions", None)
    assert fill.main([]) == fill.EXIT_USAGE
    assert "extra `ray`" in capsys.readouterr().err


@needs_ray
def test_urls_are_told_from_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fill.path_of("photos") == tmp_path / "photos"  # nodes have other working folders
    assert fill.path_of("file:///photos/a.png") == Path("/photos/a.png")
    bucket = fill.path_of("memory://bucket/photos")
    assert not isinstance(bucket, Path)
    assert str(bucket / "a.png") == "memory://bucket/photos/a.png"
    with pytest.raises(argparse.ArgumentTypeError, match="nosuch"):
        fill.path_of("nosuch://bucket")


@needs_ray
def test_a_bucket_is_read_and_written():
    bucket = fill.path_of("memory://bucket")
    (bucket / "photos").mkdir(parents=True)
    (bucket / "photos" / "a.png").write_bytes(file_of(noise(SIDE, SIDE)))
    (bucket / "mask.png").write_bytes(mask_file(HOLE))
    options = fill._parser().parse_args(
        ["memory://bucket/photos", "memory://bucket/mask.png", "-o", "memory://bucket/out"]
    )
    done = []

    def here(settings: Settings, options, tasks, stop):
        actor = fill.Actor(settings_of(), Wish())
        done.extend(map(pickle.loads, actor({"task": list(map(pickle.dumps, tasks))})["outcome"]))
        return done

    assert fill.run(options, here) == 0
    assert [str(outcome.task.output) for outcome in done] == ["memory://bucket/out/a.png"]
    filled = np.asarray(Image.open((bucket / "out" / "a.png").open("rb")))
    np.testing.assert_array_equal(filled[~HOLE], noise(SIDE, SIDE)[~HOLE])


@pytest.mark.long
@needs_ray
def test_a_cluster_fills_what_one_machine_does(photos, monkeypatch):
    settings = {"INPAINT_ENGINE": "dummy"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    given = [photos / "photos", photos / "mask.png", "--quiet"]
    alone = [*given, "-o", photos / "alone", "--report", photos / "alone.csv"]
    assert service(["fill", *map(str, alone)]) == 1
    url = f"file://{photos}"
    cluster = [f"{url}/photos", f"{url}/mask.png", "--quiet", "-o", f"{url}/cluster"]
    cluster += ["--report", str(photos / "cluster.csv")]
    done = subprocess.run(
        [sys.executable, "-m", "service.ray.fill", *cluster, "--jobs", "2"],
        cwd=ROOT,
        env=os.environ | RAY | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "failed: " in done.stderr
    one, other = (
        {path.relative_to(photos / name): path.read_bytes() for path in files}
        for name in ("alone", "cluster")
        for files in [(photos / name).rglob("*.png")]
    )
    assert len(one) == PHOTOS - 1
    assert one == other
    rows, others = (
        list(csv.DictReader((photos / f"{n}.csv").read_text().splitlines()))
        for n in ("alone", "cluster")
    )
    for row, of_cluster in zip(rows, others, strict=True):
        assert row.pop("output").replace("/alone/", "/cluster/") == of_cluster.pop("output")
        assert (row.pop("seconds") == "") == (of_cluster.pop("seconds") == "")
        assert row == of_cluster

"""`python -m training fit` from end to end, on a network and photos of toy size."""

import json

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from tests.training.on_jax.conftest import RECIPE
from training.__main__ import main
from training.checkpoints import load_network
from training.learning.discriminator_file import load_discriminator
from training.trainer import Trainer

TERMS = ("hole", "total_variation", "valid")


def history(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def states(folder):
    with np.load(folder / "state.npz") as state:
        return {name: state[name] for name in state.files if name != "position/seconds"}


def assert_same_state(one, other):
    one, other = states(one), states(other)
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_a_run_leaves_everything_one_needs(whole):
    lines = history(whole)
    assert [(line.pop("stage"), line.pop("step")) for line in lines] == [
        ("pixels", 2),
        ("pixels", 4),
        ("adversary", 6),
        ("adversary", 7),
    ]
    for line in lines:
        for prefix in ("", "val_", "gradient_norm_"):
            assert {f"{prefix}{term}" for term in TERMS} <= line.keys()
        assert {"loss", "val_loss", "hole_psnr", "val_hole_psnr", "seconds"} <= line.keys()
        assert line["loss"] == pytest.approx(sum(line[term] for term in TERMS), rel=1e-4)
        assert all(np.isfinite(value) for value in line.values())
    assert "adversary" not in lines[0]
    assert {"adversary", "discriminator", "discriminator_photos"} <= lines[-1].keys()

    assert sorted(path.name for path in (whole / "samples").iterdir()) == [
        "adversary-0000002.png",
        "adversary-0000003.png",
        "pixels-0000002.png",
        "pixels-0000004.png",
    ]
    assert any((whole / "tensorboard").iterdir())
    record = json.loads((whole / "model.json").read_text())
    assert (record["steps"], record["photos"], record["broken_photos"]) == (7, 8, 2)
    assert load_network(whole / "model.keras").stride == 4
    load_discriminator(whole / "discriminator.npz")


def test_killed_twice_and_resumed_equals_uninterrupted(fit, whole, monkeypatch):
    """Which is also: the same seed gives the same weights."""

    class Killed(BaseException):
        pass

    monkeypatch.setattr("training.learning.average.BATCHES", 3)
    run_epoch, seen = Trainer._close_epoch, []

    def dies(self, *args):
        seen.append(args)
        if len(seen) in (2, 4):
            raise Killed  # after the work of an epoch, before its checkpoint
        return run_epoch(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_close_epoch", dies)
        for options in ([], ["--resume"]):
            keras.utils.set_random_seed(99)  # what a new process would find
            with pytest.raises(Killed):
                fit("killed", "--quiet", *options)
    assert fit("killed", "--quiet", "--resume") == 0
    assert_same_state(whole, fit.root / "killed")
    assert len(history(fit.root / "killed")) == 4


def test_another_seed_and_masks_of_a_folder_give_other_weights(fit, whole, tmp_path):
    mask = np.zeros((64, 64), np.uint8)
    mask[10:40, 20:50] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    options = ["--steps", 1, "--seed", 6, "--masks", tmp_path]
    assert fit("another", "--quiet", *options) == 0
    one, other = (states(folder) for folder in (whole, fit.root / "another"))
    assert not np.array_equal(one["params/0"], other["params/0"])


def test_starts_from_weights_and_from_a_discriminator(fit, whole, capsys):
    weights, rival = whole / "model.keras", whole / "discriminator.npz"
    options = ["--steps", 1, "--weights", weights, "--discriminator", rival]
    assert fit("tuned", *options) == 0
    shown = capsys.readouterr()
    assert "img/s" in shown.err
    assert "total_variation=" in shown.err
    tuned = fit.root / "tuned"
    before = load_network(weights).get_layer("encoder1").kernel
    after = load_network(tuned / "model.keras").get_layer("encoder1").kernel
    distance = np.abs(ops.convert_to_numpy(before) - ops.convert_to_numpy(after)).max()
    assert 0 < distance < 0.05  # two stages of one step of Adam at 1e-2 at most
    old, new = load_discriminator(rival), load_discriminator(tuned / "discriminator.npz")
    for one, other in zip(old["layers"], new["layers"], strict=True):
        moved = np.abs(np.asarray(one["w"]) - np.asarray(other["w"])).max()
        assert 0 < moved < 1e-3  # one step at 2e-4
    first, second = (json.loads((run / "model.json").read_text()) for run in (whole, tuned))
    assert "before" not in first
    assert second["before"] == [{name: first[name] for name in ("recipe", "steps", "minutes")}]


def test_stages_by_minutes_end_by_the_clock(fit, whole, monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr("training.learning.loop.perf_counter", lambda: 6 * next(ticks))
    assert fit("timed", "--quiet", "--minutes", 0.2, "--steps-per-epoch", 4) == 0
    lines = history(fit.root / "timed")
    assert [line["seconds"] for line in lines] == [18, 18]
    assert [(line["stage"], line["step"]) for line in lines] == [("pixels", 2), ("adversary", 4)]


def test_a_run_that_diverges_keeps_its_last_checkpoint(fit, whole, capsys):
    recipe = fit.root / "wild.toml"
    recipe.write_text(RECIPE.replace("learning_rate = 1e-2", "learning_rate = 1e30"))
    assert fit("wild", "--quiet", "--recipe", recipe) == 1
    assert "Stage 'pixels' diverged before step 2" in capsys.readouterr().err
    assert not (fit.root / "wild" / "state.npz").exists()


def test_epochs_logged_but_not_saved_are_not_counted_twice(fit, whole, monkeypatch):
    def full_disk(*args):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("training.trainer.save_state", full_disk)
        assert fit("full", "--quiet", "--steps", 1) == 1
    # The log has an epoch that no checkpoint has: the run starts anew, and so does its history.
    assert fit("full", "--quiet", "--steps", 1, "--resume") == 0
    lines = history(fit.root / "full")
    assert [line["step"] for line in lines] == [1, 2]
    minutes = json.loads((fit.root / "full" / "model.json").read_text())["minutes"]
    assert minutes == round(sum(line["seconds"] for line in lines) / 60, 1)


def test_other_photos_than_the_recipe_names_are_refused(fit, tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'data_sha256 = "{"0" * 64}"\n{RECIPE}')
    assert fit("digest", "--quiet", "--recipe", recipe) == 1
    assert "or pass --other-photos" in capsys.readouterr().err


def test_says_what_is_wrong(fit, whole, tmp_path, capsys, monkeypatch):
    features = tmp_path / "features.toml"
    features.write_text(RECIPE.replace("perceptual = 0", "perceptual = 1"))
    monkeypatch.setattr("training.features.files.cache_folder", lambda: tmp_path)
    for name, options, message in [
        ("whole", [], "holds a run already"),
        ("whole", ["--steps", 2, "--resume"], "another recipe"),
        ("nothing", ["--resume"], "No run to resume"),
        ("new", ["--crop-size", 62], "not a multiple of 4"),
        ("new", ["--crop-size", 128], "do not fit a canvas"),
        ("new", ["--weights", whole / "model.keras", "--width", 8], "network with"),
        ("new", ["--discriminator", tmp_path / "none.npz"], "No file at"),
        ("new", ["--recipe", features], "python -m training weights"),
        ("new", ["--recipe", features, "--vgg", whole / "discriminator.npz"], "block1_conv1"),
        ("new", ["--coordinator", "here:1234"], "go together"),
        (
            "new",
            ["--coordinator", "here:1234", "--processes", 2, "--process", 2],
            "--process 2 is none of 2 processes",
        ),
        ("whole", ["--resume", "--weights", whole / "model.keras"], "with other weights"),
    ]:
        assert fit(name, *options) == 1
        assert message in capsys.readouterr().err
    assert main(["fit", str(tmp_path / "missing"), "--out", str(tmp_path / "x")]) == 1
    assert "No folder at" in capsys.readouterr().err

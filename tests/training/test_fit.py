"""`python -m training fit` from end to end, on a network and photos of toy size."""

import json

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from tests.training.conftest import make_folder
from tests.training.test_vgg import write_npz
from training.__main__ import main
from training.checkpoints import load_network
from training.commands.fit import _earlier_runs
from training.losses import LossWeights
from training.run_state import Position, load_position, save_state
from training.trainer import Trainer
from training.vgg import BLOCKS, CONVOLUTIONS

TERMS = LossWeights.model_fields.keys()

RECIPE = """
steps_per_epoch = 2
seed = 5
[network]
levels = 3
width = 4
[[stages]]
name = "pixels"
steps = 4
batch_size = 2
crop_size = 64
learning_rate = 1e-2
final_learning_rate = 1e-3
weights = { perceptual = 0, style_prediction = 0, style_composite = 0 }
[[stages]]
name = "features"
steps = 3
batch_size = 2
crop_size = 64
warmup_steps = 1
freeze_encoder_norm = true
weight_average = 0.5
lattice_share = 0.5
weights = { perceptual = 0.1, style_prediction = 24, style_composite = 24 }
"""


@pytest.fixture(scope="module")
def vgg(tmp_path_factory):
    """VGG16 of random weights that keep activations of a natural size."""
    rng = np.random.default_rng(0)
    arrays, channels = {}, 3
    widths = [features for features, count in BLOCKS for _ in range(count)]
    for name, features in zip(CONVOLUTIONS, widths, strict=True):
        kernel = rng.normal(scale=np.sqrt(2 / (9 * channels)), size=(3, 3, channels, features))
        arrays[name] = (kernel.astype(np.float32), np.zeros(features, np.float32))
        channels = features
    path = tmp_path_factory.mktemp("vgg") / "vgg.npz"
    write_npz(path, arrays)
    return path


@pytest.fixture(scope="module")
def fit(vgg, tmp_path_factory):
    """Runs the command; its runs lie side by side in `fit.root`."""
    root = tmp_path_factory.mktemp("fit")
    photos = make_folder(root / "photos")
    recipe = root / "recipe.toml"
    recipe.write_text(RECIPE)

    def run(name, *options):
        arguments = ["fit", photos, "--val", photos, "--out", root / name]
        arguments += ["--recipe", recipe, "--vgg", vgg, *options]
        return main([str(argument) for argument in arguments])

    run.root = root
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.commands.fit.MASK_BANK", 16)
        yield run


@pytest.fixture(scope="module")
def whole(fit):
    """The folder of an uninterrupted run."""
    assert fit("whole", "--quiet", "--gradient-norms") == 0
    return fit.root / "whole"


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.mixed_precision.set_dtype_policy("float32")


def states(folder):
    with np.load(folder / "state.npz") as state:
        return {name: state[name] for name in state.files}


def assert_same_state(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_a_run_leaves_everything_one_needs(whole):
    history = [json.loads(line) for line in (whole / "history.jsonl").read_text().splitlines()]
    assert [(line.pop("stage"), line.pop("step")) for line in history] == [
        ("pixels", 2),
        ("pixels", 4),
        ("features", 6),
        ("features", 7),
    ]
    for prefix in ("", "val_", "gradient_norm_"):
        assert {f"{prefix}{term}" for term in TERMS} <= history[-1].keys()
    assert {"loss", "val_loss", "val_hole_psnr", "images_per_second"} <= history[-1].keys()
    assert all(0 < line["step_share"] <= 1 for line in history)
    assert history[-1]["loss"] == pytest.approx(sum(history[-1][t] for t in TERMS), rel=1e-4)
    assert "perceptual" not in history[0]
    assert all(np.isfinite(value) for line in history for value in line.values())

    assert sorted(path.name for path in (whole / "samples").iterdir()) == [
        "features-0000002.png",
        "features-0000003.png",
        "pixels-0000002.png",
        "pixels-0000004.png",
    ]
    assert any((whole / "tensorboard").iterdir())
    record = json.loads((whole / "model.json").read_text())
    assert (record["steps"], record["photos"], record["broken_photos"]) == (7, 8, 2)
    assert load_network(whole / "model.keras").stride == 8


def test_the_progress_bar_shows_terms_and_speed(fit, capsys):
    assert fit("shown", "--steps", 1) == 0
    shown = capsys.readouterr().err
    assert "img/s" in shown
    assert "style_composite=" in shown


def test_the_same_seed_gives_the_same_weights_and_another_one_others(fit, whole):
    assert fit("again", "--quiet") == 0
    assert fit("another", "--quiet", "--steps", 1, "--seed", 6) == 0
    assert_same_state(states(whole), states(fit.root / "again"))
    first, other = states(whole)["network/0"], states(fit.root / "another")["network/0"]
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("epochs_before", [1, 3])
def test_killed_and_resumed_equals_uninterrupted(fit, whole, monkeypatch, epochs_before):
    class Killed(BaseException):
        pass

    fitted = Trainer._fit
    calls = []

    def dies(self, *args):
        calls.append(args)
        figures = fitted(self, *args)
        if len(calls) > epochs_before:
            raise Killed  # an epoch's work is lost
        return figures

    name = f"killed{epochs_before}"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_fit", dies)
        with pytest.raises(Killed):
            fit(name, "--quiet")
    keras.utils.set_random_seed(99)  # what a new process would find
    assert fit(name, "--quiet", "--resume") == 0

    assert_same_state(states(whole), states(fit.root / name))


def test_a_run_killed_before_its_first_checkpoint_starts_again(fit, whole, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "run", lambda self, resume: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fit("early", "--quiet")
    assert fit("early", "--quiet", "--resume") == 0
    assert_same_state(states(whole), states(fit.root / "early"))


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_float32_weights(fit, precision):
    assert fit(precision, "--quiet", "--precision", precision) == 0
    run = fit.root / precision
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert all(np.isfinite(line["loss"]) for line in history)
    keras.mixed_precision.set_dtype_policy("float32")
    network = load_network(run / "model.keras")
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    assert {str(ops.convert_to_numpy(v).dtype) for v in network.variables} == {"float32"}


def test_fine_tuning_starts_from_given_weights(fit, whole):
    weights = whole / "model.keras"
    assert fit("tuned", "--quiet", "--steps", 1, "--weights", weights) == 0
    before = load_network(weights).get_layer("encoder1").kernel
    after = load_network(fit.root / "tuned" / "model.keras").get_layer("encoder1").kernel
    distance = np.abs(ops.convert_to_numpy(before) - ops.convert_to_numpy(after)).max()
    assert 0 < distance < 0.05  # two stages of one step of Adam at 1e-2 at most
    first, second = (
        json.loads((folder / "model.json").read_text()) for folder in (whole, fit.root / "tuned")
    )
    assert "before" not in first
    assert second["before"] == [{name: first[name] for name in ("recipe", "steps", "minutes")}]


def test_masks_come_from_a_folder_too(fit, tmp_path):
    mask = np.zeros((64, 64), np.uint8)
    mask[10:40, 20:50] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    assert fit("folder", "--quiet", "--steps", 1, "--masks", tmp_path) == 0


def test_other_photos_than_the_recipe_names_are_refused(fit, tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'data_sha256 = "{"0" * 64}"\n{RECIPE}')
    assert fit("digest", "--quiet", "--steps", 1, "--recipe", recipe) == 1
    assert "or pass --other-photos" in capsys.readouterr().err
    assert fit("digest", "--quiet", "--steps", 1, "--recipe", recipe, "--other-photos") == 0


def test_says_what_is_wrong(fit, whole, tmp_path, capsys):
    for name, options, message in [
        ("whole", [], "holds a run already"),
        ("whole", ["--steps", 2, "--resume"], "another recipe"),
        ("nothing", ["--resume"], "No run to resume"),
        ("new", ["--crop-size", 60], "not a multiple of 8"),
        ("new", ["--crop-size", 128], "at least 128 pixels"),
        ("new", ["--weights", whole / "model.keras", "--width", 8], "network with"),
        ("whole", ["--resume", "--weights", whole / "model.keras"], "with other weights"),
    ]:
        assert fit(name, *options) == 1
        assert message in capsys.readouterr().err
    assert main(["fit", str(tmp_path / "missing"), "--out", str(tmp_path / "x")]) == 1
    assert "No folder at" in capsys.readouterr().err


def test_a_run_that_diverges_keeps_its_last_checkpoint(fit, whole, capsys):
    good = (whole / "state.npz").read_bytes()
    recipe = fit.root / "wild.toml"
    recipe.write_text(RECIPE.replace("learning_rate = 1e-2", "learning_rate = 1e30"))
    assert fit("wild", "--quiet", "--recipe", recipe) == 1
    assert "diverged" in capsys.readouterr().err
    assert not (fit.root / "wild" / "state.npz").exists()
    assert (whole / "state.npz").read_bytes() == good


def test_epochs_logged_but_not_saved_are_not_counted_twice(fit, whole, monkeypatch):
    def full_disk(*args):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("training.trainer.save_state", full_disk)
        assert fit("full", "--quiet", "--steps", 1) == 1
    # The log has an epoch that no checkpoint has: the run starts anew, and so does its history.
    assert fit("full", "--quiet", "--steps", 1, "--resume") == 0
    history = (fit.root / "full" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in history] == [1, 2]
    minutes = json.loads((fit.root / "full" / "model.json").read_text())["minutes"]
    assert minutes == round(sum(json.loads(line)["seconds"] for line in history) / 60, 1)


def test_a_checkpoint_is_replaced_at_once_or_not_at_all(tmp_path, monkeypatch):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam()
    optimizer.build(network.trainable_variables)
    path = tmp_path / "state.npz"
    save_state(path, network, optimizer, Position(0, 10))

    def full_disk(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_state(path, network, optimizer, Position(1, 20))
    assert load_position(path) == Position(0, 10)


@pytest.mark.parametrize("record", ["not JSON", "[1]", '{"recipe": "a", "steps": 1}'])
def test_a_record_that_is_none_is_not_taken_over(tmp_path, record, caplog):
    (tmp_path / "given.json").write_text(record)
    assert _earlier_runs(tmp_path / "given.keras") == {}
    assert "given.keras is not taken over" in caplog.text
    assert _earlier_runs(tmp_path / "another.keras") == _earlier_runs(None) == {}

"""A run of `python -m training fit` at toy size, shared by all tests of training."""

import jax
import keras
import pytest

from tests.training.conftest import make_folder
from training.__main__ import main

RECIPE = """
steps_per_epoch = 2
seed = 5
mask_bank = 4
canvas = [64, 80]
[network]
levels = 2
width = 4
[[stages]]
name = "pixels"
steps = 4
batch_size = 2
crop_size = 64
learning_rate = 1e-2
final_learning_rate = 1e-3
weight_average = 0.5
weights = { perceptual = 0, style_prediction = 0, style_composite = 0 }
[[stages]]
name = "adversary"
steps = 3
batch_size = 2
crop_size = 64
norm = "frozen"
lattice_share = 0.5
weights = { perceptual = 0, style_prediction = 0, style_composite = 0, adversary = 0.4 }
"""


@pytest.fixture(scope="session", autouse=True)
def programs_are_kept(tmp_path_factory):
    """Every run compiles the same programs: once is enough."""
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("programs")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.mixed_precision.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def fit(tmp_path_factory):
    """Runs the command; its runs lie side by side in `fit.root`."""
    root = tmp_path_factory.mktemp("fit")
    photos = make_folder(root / "photos")
    recipe = root / "recipe.toml"
    recipe.write_text(RECIPE)

    def run(name, *options):
        arguments = ["fit", photos, "--out", root / name, "--recipe", recipe, *options]
        return main([str(argument) for argument in arguments])

    run.root = root
    return run


@pytest.fixture(scope="session")
def whole(fit):
    """The folder of an uninterrupted run."""
    options = ["--val", fit.root / "photos", "--gradient-norms"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.trainer.VALIDATION_BATCHES", 2)
        patch.setattr("training.learning.average.BATCHES", 3)
        assert fit("whole", "--quiet", *options) == 0
    return fit.root / "whole"

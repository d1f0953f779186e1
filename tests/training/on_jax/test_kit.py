"""A kit, packed, sent in parts, run where little is installed, and collected."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from tests.training.on_jax.conftest import RECIPE
from training.__main__ import main
from training.card.run_record import read_run
from training.checkpoints import load_network
from training.learning.discriminator_file import load_discriminator

WITHOUT = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"tensorflow", "pydantic", "tqdm", "safetensors", "tensorboard"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
sys.argv = ["run.py"]
runpy.run_path("run.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def kit(fit, whole, tmp_path_factory):
    """The folders of a kit that goes on from a finished run."""
    root = tmp_path_factory.mktemp("kit")
    recipe = root / "recipe.toml"
    recipe.write_text(RECIPE)
    command = ["kit", "pack", fit.root / "photos", "--recipe", recipe, "--out", root / "kit"]
    command += ["--weights", whole / "model.keras", "--mib", 13, "--quiet"]
    command += ["--discriminator", whole / "discriminator.npz"]
    assert main([str(word) for word in command]) == 0
    return root / "kit"


def test_a_kit_runs_while_its_parts_arrive_and_comes_back_as_a_run(kit, whole, tmp_path):
    there = tmp_path / "there"
    shutil.copytree(kit / "1", there)
    late = [path for part in sorted(kit.iterdir())[1:] for path in part.iterdir()]
    late += [there / "photos-000.zip"]
    (there / "photos-000.zip").rename(tmp_path / "photos-000.zip")
    late[-1] = tmp_path / "photos-000.zip"
    environment = {
        **os.environ,
        "PYTHONPATH": "",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "true",
        "JAX_PLATFORMS": "cpu",
    }
    environment.pop("KERAS_BACKEND", None)
    running = subprocess.Popen(
        [sys.executable, "-c", WITHOUT],
        cwd=there,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for path in late:
        shutil.copy(path, there / path.name)
    said, _ = running.communicate()
    assert running.returncode == 0, said[-4000:]
    assert "photos-000.zip: 6 photos" in said
    assert "stage 'adversary' compiled" in said

    run = tmp_path / "run"
    command = ["kit", "collect", there / "out", "--kit", kit / "1", "--out", run]
    assert main([str(word) for word in command]) == 0
    record = read_run(run)
    assert [line["step"] for line in record.history] == [2, 4, 6, 7]
    assert all(np.isfinite(line["loss"]) for line in record.history)
    assert record.record["steps"] == 7
    assert record.record["before"][0]["steps"] == 7
    first, second = (load_network(folder / "model.keras") for folder in (whole, run))
    kernels = [
        ops.convert_to_numpy(network.get_layer("encoder1").kernel) for network in (first, second)
    ]
    # Two stages of Adam at 1e-2 at most, from weights that travelled in half precision.
    assert 1e-3 < np.abs(kernels[0] - kernels[1]).max() < 0.06
    load_discriminator(run / "discriminator.npz")


def test_a_run_cut_short_is_collected_as_such(kit, whole, tmp_path, capsys):
    from training.kit.arrays import save_network

    out = tmp_path / "out"
    out.mkdir()
    command = ["kit", "collect", out, "--kit", kit / "1", "--out", tmp_path / "run"]
    command = [str(word) for word in command]
    assert main(command) == 1
    assert "no stage came to its end" in capsys.readouterr().err
    save_network(out / "weights.npz", load_network(whole / "model.keras"))
    lines = [{"stage": "pixels", "step": step, "loss": 1, "seconds": 60} for step in (2, 4)]
    (out / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(command) == 0
    record = json.loads((tmp_path / "run" / "model.json").read_text())
    assert (record["steps"], record["minutes"], record["unfinished"]) == (4, 2, True)


def test_packing_says_what_is_wrong(kit, fit, tmp_path, capsys):
    pack = ["kit", "pack", fit.root / "photos", "--recipe", fit.root / "recipe.toml", "--quiet"]
    for options, message in [
        (["--out", kit], "is not empty"),
        (["--out", tmp_path / "a", "--mib", 0.01], "more than the 0.01 MiB"),
    ]:
        assert main([str(word) for word in [*pack, *options]]) == 1
        assert message in capsys.readouterr().err

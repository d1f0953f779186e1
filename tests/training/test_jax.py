"""The same tests on Keras's other backend, in a process of their own: a process has one backend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = ["test_partial_conv.py", "test_unet.py", "test_losses.py", "test_output_gradients.py"]
TRAINING_RUNS = "test_fit.py::test_killed_and_resumed_equals_uninterrupted[1]"


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") == "jax", reason="already on JAX")
def test_layers_losses_and_training_hold_on_jax():
    here = Path(__file__).parent
    tests = [str(here / file) for file in [*FILES, TRAINING_RUNS]]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *tests],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
        cwd=here.parents[1],
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout

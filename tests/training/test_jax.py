"""What runs on Keras's other backend, in a process of its own: a process has one backend."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

BOTH = ["test_partial_conv.py", "test_unet.py"]
"""Layer and network, which TensorFlow exports and JAX trains."""


@pytest.mark.early
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="already on JAX")
def test_layers_and_training_hold_on_jax():
    here = Path(__file__).parent
    tests = [str(here / file) for file in [*BOTH, "on_jax"]]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *tests],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
        cwd=here.parents[1],
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout

"""Discriminators on disk: arrays `w0`, `b0`, `w1` ... of their layers, before spectral norm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from training.learning.rivals import Rival, fresh_rival
from training.losses.adversary import random_discriminator
from training.losses.spectral_norm import normalise

ITERATIONS = 30
"""Of the power method, until vectors that are in no file know the kernels' norms."""


def save_discriminator(path: Path, rival: Rival) -> None:
    """Write the layers of the discriminator of pixels as `.npz`, float32."""
    arrays = {
        f"{name}{number}": np.asarray(value)
        for number, layer in enumerate(rival["layers"])
        for name, value in layer.items()
    }
    np.savez(path, **arrays)  # type: ignore[arg-type]


def load_discriminator(path: Path) -> Rival:
    """Read a discriminator of pixels from `.npz` or `.safetensors`, of any float type.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds other arrays.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No discriminator at {path}.")
    layers, vectors = random_discriminator(np.random.default_rng(0))
    try:
        found = _read(path)
        for number, layer in enumerate(layers):
            for name, value in layer.items():
                read = jnp.asarray(found[f"{name}{number}"], jnp.float32)
                if read.shape != value.shape:
                    raise ValueError(f"{name}{number} is {read.shape}, not {value.shape}")
                layer[name] = read
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path} holds no discriminator of 70 pixel patches: {error}") from error
    for _ in range(ITERATIONS):
        _, vectors = normalise(layers, vectors)
    return fresh_rival(layers, vectors)


def _read(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        from safetensors.numpy import load

        return dict(load(path.read_bytes()))
    with np.load(path) as file:
        return {name: file[name] for name in file.files}

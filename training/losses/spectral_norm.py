"""Spectral normalisation of convolutions (Miyato et al. 2018, arXiv:1802.05957), in JAX.

A discriminator here is a list of layers `{"w": (K, K, C, F), "b": (F,)}` with one vector `(F,)` a
layer, which follows the kernel's first right singular vector by one power iteration a step.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

EPSILON = 1e-8

Layers = list[dict[str, Any]]


def random_layers(
    rng: np.random.Generator, shapes: list[tuple[int, int, int, int]]
) -> tuple[Layers, list[Any]]:
    """He-normal kernels of the given HWIO shapes, biases of 0, and random vectors.

    Drawn by NumPy: JAX would compile a program for each shape.
    """
    layers, vectors = [], []
    for shape in shapes:
        deviation = np.float32((2 / (shape[0] * shape[1] * shape[2])) ** 0.5)
        kernel = rng.standard_normal(shape, np.float32) * deviation
        layers.append({"w": jnp.asarray(kernel), "b": jnp.zeros(shape[3])})
        vectors.append(jnp.asarray(rng.standard_normal(shape[3], np.float32)))
    return layers, vectors


def normalise(layers: Layers, vectors: list[Any]) -> tuple[Layers, list[Any]]:
    """Divide each kernel by its largest singular value, as its vector knows it by now.

    Returns:
        Layers of spectral norm about 1, and the vectors after one power iteration.
    """
    normal, after = [], []
    for layer, vector in zip(layers, vectors, strict=True):
        matrix = layer["w"].reshape(-1, layer["w"].shape[-1])
        fixed = lax.stop_gradient(matrix)
        left = _unit(fixed @ vector)
        right = _unit(left @ fixed)
        normal.append({"w": layer["w"] / (left @ matrix @ right + EPSILON), "b": layer["b"]})
        after.append(right)
    return normal, after


def _unit(vector: Any) -> Any:
    return vector / (jnp.linalg.norm(vector) + EPSILON)

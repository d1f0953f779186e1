"""Spectral normalisation of convolutions (Miyato et al. 2018, arXiv:1802.05957), in JAX.

A discriminator here is a list of layers `{"w": (K, K, C, F), "b": (F,)}` with one vector `(F,)` a
layer, which follows the kernel's first right singular vector by one power iteration a step.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

EPSILON = 1e-8

Layers = list[dict[str, Any]]


def random_layers(key: Any, shapes: list[tuple[int, int, int, int]]) -> tuple[Layers, list[Any]]:
    """He-normal kernels of the given HWIO shapes, biases of 0, and random vectors."""
    layers, vectors = [], []
    for number, shape in enumerate(shapes):
        layer_key = jax.random.fold_in(key, number)
        deviation = (2 / (shape[0] * shape[1] * shape[2])) ** 0.5
        kernel = jax.random.normal(layer_key, shape) * deviation
        layers.append({"w": kernel, "b": jnp.zeros(shape[3])})
        vectors.append(jax.random.normal(jax.random.fold_in(layer_key, 9), (shape[3],)))
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

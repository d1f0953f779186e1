"""AlexNet's five convolutions, by whose features LPIPS judges pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from training.features.convolutions import convolution, max_pool, normalise

LAYERS = ((64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))
"""Features, side of the kernel, stride and padding of each convolution."""
POOLED = (0, 1)
"""Convolutions that a 3x3 max pool of stride 2 follows."""
CONVOLUTIONS = tuple(f"conv{number}" for number in range(1, len(LAYERS) + 1))


def alexnet_features(weights: Mapping[str, Any], picture: Any) -> list[Any]:
    """The features of all five convolutions after their ReLU, float32.

    Args:
        weights: `conv1/kernel` (11, 11, 3, 64), `conv1/bias` (64,) ... `conv5/bias`.
        picture: `(N, H, W, 3)` RGB, nominally 0..1, with sides of at least 63 pixels.
    """
    x = normalise(picture, jnp.float32)
    maps = []
    for number, (_, _, stride, padding) in enumerate(LAYERS):
        name = CONVOLUTIONS[number]
        x = convolution(x, weights[f"{name}/kernel"], weights[f"{name}/bias"], stride, padding)
        maps.append(x)
        if number in POOLED:
            x = max_pool(x, 3)
    return maps

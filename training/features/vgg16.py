"""VGG16 (Simonyan & Zisserman 2014) to conv5_3, as LPIPS and the paper's loss look at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from training.features.convolutions import convolution, max_pool, normalise

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Features and convolutions of each block; a 2x2 max pool stands between blocks."""
CONVOLUTIONS = tuple(
    f"block{block}_conv{index}"
    for block, (_, count) in enumerate(BLOCKS, 1)
    for index in range(1, count + 1)
)

Arrays = Mapping[str, Any]
"""`block1_conv1/kernel` (3, 3, 3, 64), `block1_conv1/bias` (64,) ..., `lin0` (64,) ... `lin4`."""


def vgg16_features(
    weights: Arrays, picture: Any, *, depth: int = len(BLOCKS), dtype: Any = jnp.float32
) -> list[Any]:
    """The last features of each block after its ReLU: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3.

    Args:
        weights: torchvision's, as `training.features.files` loads them.
        picture: `(N, H, W, 3)` RGB, nominally 0..1.
        depth: how many blocks are wanted, 1 to 5.
        dtype: what is computed in.

    Returns:
        `depth` arrays; that of block `i` is `(N, H // 2**i, W // 2**i, C)`.
    """
    x = normalise(picture, dtype)
    maps = []
    for block, (_, count) in enumerate(BLOCKS[:depth], 1):
        if block > 1:
            x = max_pool(x, 2)
        for index in range(1, count + 1):
            name = f"block{block}_conv{index}"
            x = convolution(x, weights[f"{name}/kernel"], weights[f"{name}/bias"])
        maps.append(x)
    return maps

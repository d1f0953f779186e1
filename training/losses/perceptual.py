"""L_perceptual: l1 of VGG16's features (Liu et al. 2018, equation 2), in JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from training.features.convolutions import max_pool

POOLS = 3
"""The paper looks at pool1, pool2 and pool3."""
SCALE = (2.03, 3.58, 5.00)
"""By which pool1-3 are divided: their root mean square over photos, so that depths weigh alike.

A deviation from the paper, whose weights fit its own, unstated feature scale."""


def pooled(features: Sequence[Any]) -> list[Any]:
    """Turn relu1_2, relu2_2 and relu3_3 into pool1-3, float32, divided by their scale."""
    return [
        max_pool(maps, 2).astype(jnp.float32) / scale
        for maps, scale in zip(features[:POOLS], SCALE, strict=True)
    ]


def perceptual_loss(
    prediction: Sequence[Any], completed: Sequence[Any], truth: Sequence[Any]
) -> Any:
    """Sum over depths of the mean l1 of prediction and composite to the truth.

    Args:
        prediction: `(N, H, W, C)` features of each depth, from `pooled`.
        completed: of the composite.
        truth: of the truth.
    """
    return sum(
        jnp.mean(jnp.abs(p - t)) + jnp.mean(jnp.abs(c - t))
        for p, c, t in zip(prediction, completed, truth, strict=True)
    )

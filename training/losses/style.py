"""Losses on auto-correlations of features, in JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

RELATIVE_DEPTHS = 4
"""`relative_style_loss` looks at relu1_2, relu2_2, relu3_3 and relu4_3."""
EPSILON = 1e-6


def gram_matrix(maps: Any) -> Any:
    """Auto-correlation of features `(N, H, W, C)` -> `(N, C, C)` float32, mean over pixels."""
    batch, height, width, channels = maps.shape
    flat = maps.astype(jnp.float32).reshape(batch, height * width, channels)
    # Divided first: the sum over all pixels stays small.
    return jnp.einsum("npc,npd->ncd", flat, flat / (height * width))


def style_loss(features: Sequence[Any], truth: Sequence[Any]) -> Any:
    """L_style (Liu et al. 2018, equations 3 and 4): mean l1 of Gram matrices, summed over depths.

    Gram matrices are divided by C * H * W, the paper's K_p.
    """
    return sum(
        jnp.mean(jnp.abs(gram_matrix(f) - gram_matrix(t))) / f.shape[-1]
        for f, t in zip(features, truth, strict=True)
    )


def relative_style_loss(features: Sequence[Any], truth: Sequence[Any]) -> Any:
    """Mean over depths of the l1 of Gram matrices over that of the truth's: about 0..1.

    Each depth weighs alike whatever the scale of its features. The truth's matrices are constants.
    """
    total = jnp.zeros((), jnp.float32)
    for f, t in zip(features[:RELATIVE_DEPTHS], truth[:RELATIVE_DEPTHS], strict=True):
        wanted = lax.stop_gradient(gram_matrix(t))
        size = jnp.mean(jnp.abs(wanted)) + EPSILON
        total += jnp.mean(jnp.abs(gram_matrix(f) - wanted)) / size
    return total / RELATIVE_DEPTHS

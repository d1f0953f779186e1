"""LPIPS v0.1: how different two pictures look (Zhang et al. 2018, arXiv:1801.03924, equation 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

EPSILON = 1e-8
"""Keeps the gradient finite where all features of a place are 0."""


def lpips(weights: Mapping[str, Any], features: Sequence[Any], of_truth: Sequence[Any]) -> Any:
    """Distance of two batches of pictures, mean over the batch; 0 where they are equal.

    Features of a place are divided by their length, their squared differences weighted by the
    linear layer of their depth, summed over channels, averaged over places and added up.

    Args:
        weights: `lin0` (C,), `lin1` ... of the network that gave the features; none is negative
            in LPIPS, and what is counts as 0.
        features: one `(N, H, W, C)` for each depth, after the ReLU.
        of_truth: the same of the other picture.
    """
    total = jnp.zeros((), jnp.float32)
    for depth, (one, other) in enumerate(zip(features, of_truth, strict=True)):
        difference = jnp.square(_unit(one) - _unit(other))
        total += jnp.mean(jnp.sum(difference * jnp.maximum(weights[f"lin{depth}"], 0), axis=-1))
    return total


def _unit(maps: Any) -> Any:
    maps = maps.astype(jnp.float32)
    return maps * lax.rsqrt(jnp.sum(jnp.square(maps), axis=-1, keepdims=True) + EPSILON)

"""Losses on pixels (Liu et al. 2018, section 3.3), in JAX.

Pictures are `(N, H, W, 3)` float32, nominally 0..1; masks `(N, H, W, 1)` float32, 1 = known. Each
loss is divided by the number of all values of the pictures.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax


def composite(prediction: Any, truth: Any, mask: Any) -> Any:
    """The prediction inside the hole, the truth outside (I_comp)."""
    return jnp.where(mask > 0.5, truth, prediction)


def hole_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_hole: l1 on hole pixels."""
    return jnp.mean((1 - mask) * jnp.abs(prediction - truth))


def valid_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_valid: l1 on known pixels."""
    return jnp.mean(mask * jnp.abs(prediction - truth))


def total_variation_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_tv: l1 between neighbours of the composite where both lie in the dilated hole.

    The hole is dilated by one pixel, so that the step over its rim counts.
    """
    completed = composite(prediction, truth, mask)
    window = (1, 3, 3, 1)
    region = lax.reduce_window(1 - mask, -jnp.inf, lax.max, window, (1, 1, 1, 1), "SAME")
    across = jnp.abs(completed[:, :, 1:] - completed[:, :, :-1])
    down = jnp.abs(completed[:, 1:] - completed[:, :-1])
    total = jnp.sum(across * region[:, :, 1:] * region[:, :, :-1])
    total += jnp.sum(down * region[:, 1:] * region[:, :-1])
    return total / completed.size


def hole_error(prediction: Any, truth: Any, mask: Any) -> Any:
    """Mean squared error of the clipped prediction over hole pixels; a figure, no loss."""
    hole = 1 - mask
    squares = jnp.square(jnp.clip(prediction, 0, 1) - truth) * hole
    return jnp.sum(squares) / jnp.maximum(3 * jnp.sum(hole), 1)

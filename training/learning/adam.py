"""Adam (Kingma & Ba 2015, algorithm 1) over trees of arrays, in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

EPSILON = 1e-8


def fresh(params: Any) -> dict[str, Any]:
    """Moments of 0."""
    return {"m": jax.tree.map(jnp.zeros_like, params), "v": jax.tree.map(jnp.zeros_like, params)}


def update(
    params: Any,
    grads: Any,
    moments: dict[str, Any],
    step: Any,
    rate: Any,
    betas: tuple[float, float],
) -> tuple[Any, dict[str, Any]]:
    """One step.

    Args:
        params: what is trained.
        grads: of the loss.
        moments: from `fresh` or the last step.
        step: number of this step, 1 for the first, float32.
        rate: the learning rate.
        betas: decay of the first and of the second moment.

    Returns:
        The new parameters and moments.
    """
    first, second = betas
    m = jax.tree.map(lambda m, g: first * m + (1 - first) * g, moments["m"], grads)
    v = jax.tree.map(lambda v, g: second * v + (1 - second) * g * g, moments["v"], grads)
    m_scale, v_scale = 1 - first**step, 1 - second**step

    def move(param: Any, m: Any, v: Any) -> Any:
        return param - rate * (m / m_scale) / (jnp.sqrt(v / v_scale) + EPSILON)

    return jax.tree.map(move, params, m, v), {"m": m, "v": v}

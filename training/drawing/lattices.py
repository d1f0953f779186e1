"""Holes over a sparse lattice of known pixels, as a coarse to fine fill meets them, in JAX.

A hole too big for one window is filled at a lower scale first. The network ignores what lies in a
hole, so the next scale sees that coarse fill as known pixels on a lattice, the way Liu et al. 2018
do super-resolution with partial convolutions (in their section on extensions).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

STRIDE = 4
"""Pixels between lattice points, in both directions: what the service lays into its windows."""
EXACT_SHARE = 0.25
"""Share of lattices whose values are the truth itself."""
MAX_DRIFT = 4 / 255
"""Standard deviation of the smooth error of a coarse fill, at most."""
MAX_NOISE = 2 / 255
"""Standard deviation of its pixel noise, at most."""


def lay_lattices(key: Any, truth: Any, mask: Any, share: float) -> tuple[Any, Any]:
    """Turn a share of the holes into holes with a lattice of known pixels, every 4th.

    Args:
        key: of the random numbers.
        truth: `(N, S, S, 3)` float32 in 0..1; S is a multiple of 4.
        mask: `(N, S, S, 1)` float32, 1 = known.
        share: of samples that get a lattice, 0 to 1.

    Returns:
        Picture and mask that a network sees. Outside the hole both are as they were. In the hole,
        lattice pixels are known and mostly hold a blurred and slightly disturbed truth, at times
        the truth itself; the picture elsewhere is the truth.
    """
    count, side = truth.shape[:2]
    keys = jax.random.split(key, 8)
    chosen = jax.random.bernoulli(keys[0], share, (count, 1, 1, 1))
    row, column = jax.random.randint(keys[1], (2, count, 1), 0, STRIDE)
    place = jnp.arange(side)[None]
    rows, columns = (place - row) % STRIDE == 0, (place - column) % STRIDE == 0
    points = (rows[:, :, None] & columns[:, None, :])[..., None] & (mask < 0.5) & chosen
    coarse = jax.random.bernoulli(keys[2], 0.5, (count, 1, 1, 1))
    values = jnp.where(coarse, _blur(truth, STRIDE), _blur(truth, STRIDE // 2))
    drift = jax.random.normal(keys[3], (count, 4, 4, 3))
    drift *= jax.random.uniform(keys[4], (count, 1, 1, 1)) * MAX_DRIFT
    noise = jax.random.normal(keys[5], truth.shape)
    noise *= jax.random.uniform(keys[6], (count, 1, 1, 1)) * MAX_NOISE
    values = values + jax.image.resize(drift, truth.shape, "cubic") + noise
    values = jnp.round(jnp.clip(values, 0, 1) * 255) / 255
    exact = jax.random.bernoulli(keys[7], EXACT_SHARE, (count, 1, 1, 1))
    values = jnp.where(exact, truth, values)
    return jnp.where(points, values, truth), jnp.where(points, 1.0, mask)


def _blur(truth: Any, factor: int) -> Any:
    """Scale down by averaging areas and up again bicubically (may leave 0..1)."""
    count, side = truth.shape[:2]
    small = truth.reshape(count, side // factor, factor, side // factor, factor, 3).mean((2, 4))
    return jax.image.resize(small, truth.shape, "cubic")

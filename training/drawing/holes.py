"""Masks out of a bank that lies on the device as bits, turned and mirrored at random, in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

BITS = 8


def pack(masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pack masks `(N, S, S)`, 1 = known, to bits `(N, S, ceil(S / 8))`."""
    return np.packbits(masks, axis=-1)


def draw_masks(key: Any, bank: Any, count: int) -> Any:
    """Draw masks `(count, S, S, 1)` float32, 1 = known.

    Turning and mirroring keep hole share and border contact, and make eight masks out of each.

    Args:
        key: of the random numbers.
        bank: `(N, S, ceil(S / 8))` uint8, from `pack`.
        count: how many.
    """
    keys = jax.random.split(key, 4)
    side = bank.shape[1]
    bits = bank[jax.random.randint(keys[0], (count,), 0, bank.shape[0])]
    shifts = jnp.arange(BITS - 1, -1, -1, dtype=jnp.uint8)
    masks = ((bits[..., None] >> shifts) & 1).reshape(count, side, -1)[:, :, :side]
    rows, columns, turned = jax.random.bernoulli(keys[1], 0.5, (3, count, 1, 1))
    masks = jnp.where(rows, masks[:, ::-1], masks)
    masks = jnp.where(columns, masks[:, :, ::-1], masks)
    masks = jnp.where(turned, masks.swapaxes(1, 2), masks)
    return masks[..., None].astype(jnp.float32)

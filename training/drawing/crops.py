"""Square crops out of photos, scaled, mirrored and tinted at random, in JAX."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp


class Changes(Protocol):
    """Random changes, as `training.recipe.Augmentation` describes them."""

    flip: bool
    min_scale: float
    brightness: float
    tint: float


def draw_crops(
    key: Any, photos: Any, sizes: Any, cumulative: Any, count: int, side: int, changes: Changes
) -> Any:
    """Draw crops `(count, side, side, 3)` float32 in 0..1, on whole levels of 255.

    A crop's side in the photo is drawn evenly between `side` and what `min_scale` and the photo's
    short side allow, so photos are scaled down and never up; averaging keeps aliases out.

    Args:
        key: of the random numbers.
        photos: `(N, H, W, 3)` uint8, each in the upper left corner of its canvas.
        sizes: `(N, 3)` int32: rows and columns in use, and whether the photo lies on its side.
        cumulative: `(N,)` float32, running sum of the photos' chances.
        count: how many.
        side: in pixels.
        changes: what may be changed.
    """
    keys = jax.random.split(key, 7)
    ticket = jax.random.uniform(keys[0], (count,)) * cumulative[-1]
    index = jnp.searchsorted(cumulative, ticket, side="right").clip(0, photos.shape[0] - 1)
    size = sizes[index].astype(jnp.float32)
    height, width, turned = size[:, 0], size[:, 1], size[:, 2] > 0
    short = jnp.minimum(height, width)
    most = jnp.minimum(short, side / changes.min_scale) if changes.min_scale else short
    extent = side + jax.random.uniform(keys[1], (count,)) * jnp.maximum(most - side, 0)
    extent = jnp.minimum(extent, short)
    top = jax.random.uniform(keys[2], (count,)) * (height - extent)
    left = jax.random.uniform(keys[3], (count,)) * (width - extent)
    cut = jax.vmap(partial(_cut, side=side))
    crops = cut(photos[index], side / extent, top, left)
    crops = jnp.where(turned[:, None, None, None], crops.swapaxes(1, 2), crops)
    if changes.flip:
        mirrored = jax.random.bernoulli(keys[4], 0.5, (count, 1, 1, 1))
        crops = jnp.where(mirrored, crops[:, :, ::-1], crops)
    gain = _around_one(keys[5], (count, 1, 1, 1), changes.brightness)
    gain = gain * _around_one(keys[6], (count, 1, 1, 3), changes.tint)
    return jnp.round(jnp.clip(crops * gain, 0, 255)) / 255


def _cut(photo: Any, scale: Any, top: Any, left: Any, side: int) -> Any:
    shift = jnp.stack([-top * scale, -left * scale])
    return jax.image.scale_and_translate(
        photo.astype(jnp.float32),
        (side, side, 3),
        (0, 1),
        jnp.stack([scale, scale]),
        shift,
        method="linear",
        antialias=True,
    )


def _around_one(key: Any, shape: tuple[int, ...], most: float) -> Any:
    return jax.random.uniform(key, shape, minval=1 - most, maxval=1 + most)

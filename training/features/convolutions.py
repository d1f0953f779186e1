"""The two layers that VGG16 and AlexNet are made of, in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

SHIFT = (-0.030, -0.088, -0.188)
"""Of LPIPS's input: ImageNet's mean colour on the scale -1..1."""
SCALE = (0.458, 0.448, 0.450)
"""ImageNet's standard deviation on the scale -1..1."""


def normalise(picture: Any, dtype: Any) -> Any:
    """RGB `(N, H, W, 3)` in 0..1 to what networks trained on ImageNet expect."""
    scaled = (picture.astype(jnp.float32) * 2 - 1 - jnp.array(SHIFT)) / jnp.array(SCALE)
    return scaled.astype(dtype)


def convolution(x: Any, kernel: Any, bias: Any, stride: int = 1, padding: int = 1) -> Any:
    """Convolve `(N, H, W, C)` by an HWIO kernel in `x`'s dtype, add the bias, cut below 0."""
    y = lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        (stride, stride),
        [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return jax.nn.relu(y + bias.astype(x.dtype))


def max_pool(x: Any, side: int) -> Any:
    """Largest of each window of `side` pixels every 2 pixels; what is left over at the end falls.

    Windows of 2 are cut out by reshaping, whose gradient costs a fraction of a reduction's.
    """
    if side == 2:
        n, height, width, channels = x.shape
        x = x[:, : height // 2 * 2, : width // 2 * 2]
        return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))
    return lax.reduce_window(
        x, jnp.array(-jnp.inf, x.dtype), lax.max, (1, side, side, 1), (1, 2, 2, 1), "VALID"
    )

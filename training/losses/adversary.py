"""A discriminator of patches of 70 pixels that knows where the hole is, in JAX.

Patches after Isola et al. 2017 (arXiv:1611.07004), least squares after Mao et al. 2017
(arXiv:1611.04076). A patch of a filled picture is as false as its share of hole: the target for it
is 1 minus that share, and the generator answers for it by that share.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from training.losses.spectral_norm import Layers, random_layers

SHAPES = [(4, 64, 2), (64, 128, 2), (128, 256, 2), (256, 512, 1), (512, 1, 1)]
"""Input features (three colours and the mask), output features and stride of each 4x4 layer."""
KERNEL = 4
LEAK = 0.2


def random_discriminator(rng: np.random.Generator) -> tuple[Layers, list[Any]]:
    """Layers and vectors of spectral normalisation, 2.8 M parameters."""
    return random_layers(rng, [(KERNEL, KERNEL, a, b) for a, b, _ in SHAPES])


def judge(layers: Layers, picture: Any, mask: Any, dtype: Any = jnp.float32) -> Any:
    """How true each patch looks: about 1 for photos, 0 for what a network made.

    Args:
        layers: normalised (`training.losses.spectral_norm`).
        picture: `(N, H, W, 3)`, nominally 0..1.
        mask: `(N, H, W, 1)`, 1 = known.
        dtype: what is computed in.

    Returns:
        `(N, H / 8, W / 8, 1)` float32.
    """
    x = jnp.concatenate([picture * 2 - 1, mask], axis=-1)
    return convolve(layers, x.astype(dtype), [stride for _, _, stride in SHAPES])


def convolve(layers: Layers, x: Any, strides: list[int]) -> Any:
    """Convolutions with leaky ReLUs between them; float32 at the end."""
    for number, (layer, stride) in enumerate(zip(layers, strides, strict=True)):
        if number:
            x = jax.nn.leaky_relu(x, LEAK)
        kernel = layer["w"].astype(x.dtype)
        dimensions = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(
            x, kernel, (stride, stride), "SAME", dimension_numbers=dimensions
        ) + layer["b"].astype(x.dtype)
    return x.astype(jnp.float32)


def hole_share(mask: Any, like: Any) -> Any:
    """The hole's share of each patch: `1 - mask`, scaled down to a judgement's size."""
    return jax.image.resize(1 - mask, (*like.shape[:3], 1), "linear")


def generator_loss(judged: Any, mask: Any) -> Any:
    """What the network pays for patches that look false, by their share of hole."""
    return jnp.mean(jnp.square(judged - 1) * hole_share(mask, judged))


def discriminator_loss(of_truth: Any, of_filled: Any, mask: Any) -> Any:
    """What the discriminator pays: photos shall be 1, filled patches 1 minus their hole share."""
    wanted = 1 - hole_share(mask, of_filled)
    return jnp.mean(jnp.square(of_truth - 1)) + jnp.mean(jnp.square(of_filled - wanted))


def in_hole(judged: Any, mask: Any) -> Any:
    """Mean judgement over the hole; a figure, no loss."""
    share = hole_share(mask, judged)
    return jnp.sum(judged * share) / jnp.maximum(jnp.sum(share), 1e-6)

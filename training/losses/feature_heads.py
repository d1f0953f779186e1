"""Discriminators that look at VGG16's features instead of pixels, in JAX.

After Sauer et al. 2021 (arXiv:2111.01007): small heads on fixed features see what matters sooner
than a discriminator that must learn its own. Targets are those of `training.losses.adversary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from training.losses.adversary import convolve, discriminator_loss, generator_loss
from training.losses.spectral_norm import Layers, random_layers

DEPTHS = {1: 128, 2: 256, 3: 512}
"""Places in VGG16's list of features (relu2_2, relu3_3, relu4_3), and their channels."""
WIDTH = 192
LAYERS = 4
EPSILON = 1e-3


def random_heads(rng: np.random.Generator) -> tuple[Layers, list[Any]]:
    """Layers of all heads one after the other, and vectors of spectral normalisation."""
    layers, vectors = [], []
    for channels in DEPTHS.values():
        shapes = [(1, 1, channels, WIDTH), *[(3, 3, WIDTH, WIDTH)] * 2, (1, 1, WIDTH, 1)]
        some, of_them = random_layers(rng, shapes)
        layers += some
        vectors += of_them
    return layers, vectors


def judge_features(layers: Layers, features: Sequence[Any]) -> list[Any]:
    """One judgement `(N, H, W, 1)` float32 a head, from normalised layers and VGG16's features."""
    judged = []
    for number, depth in enumerate(DEPTHS):
        x = features[depth].astype(jnp.float32)
        x = x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + EPSILON)
        head = layers[number * LAYERS : (number + 1) * LAYERS]
        judged.append(convolve(head, x.astype(features[depth].dtype), [1] * LAYERS))
    return judged


def heads_generator_loss(judged: Sequence[Any], mask: Any) -> Any:
    """Sum of the generator's losses over the heads."""
    return sum(generator_loss(one, mask) for one in judged)


def heads_loss(of_truth: Sequence[Any], of_filled: Sequence[Any], mask: Any) -> Any:
    """Sum of the discriminators' losses over the heads."""
    return sum(
        discriminator_loss(true, false, mask)
        for true, false in zip(of_truth, of_filled, strict=True)
    )

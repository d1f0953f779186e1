"""The discriminators of a stage: how they learn, and how hard they pull at the prediction."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from training.features.vgg16 import vgg16_features
from training.learning import adam
from training.losses import adversary, feature_heads
from training.losses.spectral_norm import normalise

BETAS = (0.5, 0.99)
EPSILON = 1e-8
RANGE = (-0.1, 1.1)
"""To which predictions are clipped before a discriminator sees them: else it judges by that."""

Rival = dict[str, Any]
"""`layers`, `vectors` of spectral normalisation, and Adam's `moments`."""


def fresh_rival(layers: Any, vectors: Any) -> Rival:
    """A discriminator that begins to learn."""
    return {"layers": layers, "vectors": vectors, "moments": adam.fresh(layers)}


def shown(prediction: Any, truth: Any, mask: Any) -> Any:
    """The picture that discriminators judge: the clipped prediction inside the hole."""
    return jnp.where(mask > 0.5, truth, jnp.clip(prediction, *RANGE))


def add_pull(gradient: Any, pull: Any, share: Any) -> Any:
    """Add a discriminator's gradient, scaled to a share of the other gradients' norm.

    Args:
        gradient: of the other terms with respect to the prediction.
        pull: the discriminator's.
        share: of the norm of `gradient` that the pull shall have.
    """
    norm, norm_of_pull = jnp.linalg.norm(gradient), jnp.linalg.norm(pull)
    return gradient + pull * share * norm / (norm_of_pull + EPSILON)


def pixel_rival(
    rival: Rival, prediction: Any, truth: Any, mask: Any, step: Any, rate: float, dtype: Any
) -> tuple[Any, Rival, dict[str, Any]]:
    """Judge a batch of filled pictures and learn from it.

    Returns:
        The gradient of the generator's loss with respect to the prediction, by the discriminator
        as it was; the discriminator afterwards; figures by name.
    """
    layers, _ = normalise(rival["layers"], rival["vectors"])

    def pays(prediction: Any) -> Any:
        judged = adversary.judge(layers, shown(prediction, truth, mask), mask, dtype)
        return adversary.generator_loss(judged, mask)

    loss, pull = jax.value_and_grad(pays)(prediction)
    filled = lax.stop_gradient(shown(prediction, truth, mask))

    def learns(layers: Any) -> Any:
        normal, vectors = normalise(layers, rival["vectors"])
        both = jnp.concatenate([truth, filled]), jnp.concatenate([mask, mask])
        true, false = jnp.split(adversary.judge(normal, *both, dtype), 2)
        figures = {
            "discriminator_photos": jnp.mean(true),
            "discriminator_filled": adversary.in_hole(false, mask),
        }
        return adversary.discriminator_loss(true, false, mask), (vectors, figures)

    after, figures = _learn(rival, learns, step, rate)
    return pull, after, {"adversary": loss, **figures}


def feature_rival(
    rival: Rival,
    vgg: Any,
    prediction: Any,
    truth: Any,
    mask: Any,
    of_truth: list[Any],
    step: Any,
    rate: float,
    dtype: Any,
) -> tuple[Any, Rival, dict[str, Any]]:
    """The same for the heads on VGG16's features."""
    layers, _ = normalise(rival["layers"], rival["vectors"])
    depth = max(feature_heads.DEPTHS) + 1

    def pays(prediction: Any) -> Any:
        maps = vgg16_features(vgg, shown(prediction, truth, mask), depth=depth, dtype=dtype)
        judged = feature_heads.judge_features(layers, maps)
        return feature_heads.heads_generator_loss(judged, mask), maps

    (loss, of_filled), pull = jax.value_and_grad(pays, has_aux=True)(prediction)
    of_filled = [lax.stop_gradient(maps) for maps in of_filled]

    def learns(layers: Any) -> Any:
        normal, vectors = normalise(layers, rival["vectors"])
        true = feature_heads.judge_features(normal, of_truth)
        false = feature_heads.judge_features(normal, of_filled)
        return feature_heads.heads_loss(true, false, mask), (vectors, {})

    after, figures = _learn(rival, learns, step, rate)
    named = {"heads": loss, "heads_discriminator": figures["discriminator"]}
    return pull, after, named


def _learn(rival: Rival, loss: Any, step: Any, rate: float) -> tuple[Rival, dict[str, Any]]:
    (value, (vectors, figures)), grads = jax.value_and_grad(loss, has_aux=True)(rival["layers"])
    layers, moments = adam.update(rival["layers"], grads, rival["moments"], step, rate, BETAS)
    after = {"layers": layers, "vectors": vectors, "moments": moments}
    return after, {"discriminator": value, **figures}

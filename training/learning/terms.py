"""The weighted terms of a stage's loss, as one function of the prediction."""

from __future__ import annotations

from typing import Any

from training.features.vgg16 import vgg16_features
from training.losses.lpips import lpips
from training.losses.perceptual import perceptual_loss, pooled
from training.losses.pixels import composite, hole_loss, total_variation_loss, valid_loss
from training.losses.style import relative_style_loss, style_loss

PIXEL_TERMS = ("valid", "hole", "total_variation")
PAPER_FEATURE_TERMS = ("perceptual", "style_prediction", "style_composite")
FEATURE_TERMS = (*PAPER_FEATURE_TERMS, "lpips", "style")
TERMS = (*PIXEL_TERMS, *FEATURE_TERMS)
"""All terms that are added up; the adversary's gradient is set by its norm instead."""


def vgg16_depth(weights: Any) -> int:
    """How many blocks of VGG16 a stage needs: 0 where no term looks at features."""
    if weights.lpips:
        return 5
    if weights.style or weights.heads:
        return 4
    return 3 if any(getattr(weights, name) for name in PAPER_FEATURE_TERMS) else 0


def weighted_terms(
    weights: Any, vgg: Any, prediction: Any, truth: Any, mask: Any, of_truth: list[Any], dtype: Any
) -> dict[str, Any]:
    """Each term times its weight, by name; terms of weight 0 and their cost are left out.

    Args:
        weights: `training.recipe.LossWeights`.
        vgg: VGG16's arrays; unused where no term looks at features.
        prediction: `(N, H, W, 3)` float32.
        truth: `(N, H, W, 3)` float32, 0..1.
        mask: `(N, H, W, 1)` float32, 1 = known.
        of_truth: the truth's VGG16 features, as deep as `vgg16_depth` says.
        dtype: in which VGG16 computes.
    """
    pair = prediction, truth, mask
    terms: dict[str, Any] = {}
    for name, loss in (
        ("valid", valid_loss),
        ("hole", hole_loss),
        ("total_variation", total_variation_loss),
    ):
        if weight := getattr(weights, name):
            terms[name] = weight * loss(*pair)
    if any(getattr(weights, name) for name in FEATURE_TERMS):
        terms |= _feature_terms(weights, vgg, prediction, composite(*pair), of_truth, dtype)
    return terms


def _feature_terms(
    weights: Any, vgg: Any, prediction: Any, completed: Any, of_truth: list[Any], dtype: Any
) -> dict[str, Any]:
    of_completed = vgg16_features(vgg, completed, depth=len(of_truth), dtype=dtype)
    terms: dict[str, Any] = {}
    if weights.lpips:
        terms["lpips"] = weights.lpips * lpips(vgg, of_completed, of_truth)
    if weights.style:
        terms["style"] = weights.style * relative_style_loss(of_completed, of_truth)
    if any(getattr(weights, name) for name in PAPER_FEATURE_TERMS):
        c, t = pooled(of_completed), pooled(of_truth)
        if weights.style_composite:
            terms["style_composite"] = weights.style_composite * style_loss(c, t)
        if weights.perceptual or weights.style_prediction:
            p = pooled(vgg16_features(vgg, prediction, depth=3, dtype=dtype))
            if weights.perceptual:
                terms["perceptual"] = weights.perceptual * perceptual_loss(p, c, t)
            if weights.style_prediction:
                terms["style_prediction"] = weights.style_prediction * style_loss(p, t)
    return terms

"""The six terms of the paper's loss (Liu et al. 2018, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from pydantic import BaseModel, ConfigDict, Field

Features = Callable[[Any], list[Any]]


class LossWeights(BaseModel):
    """Weight of each term; the defaults are the paper's (end of section 3.3).

    The features of the perceptual and style terms are divided by fixed constants
    (`training.vgg`), so their weights are not on the scale of a raw VGG16. That is a deviation from
    the paper, whose weights fit its own, unstated feature scale.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid: float = Field(1.0, ge=0, description="l1 on known pixels")
    hole: float = Field(6.0, ge=0, description="l1 on hole pixels")
    perceptual: float = Field(0.05, ge=0, description="l1 of VGG16 features")
    style_prediction: float = Field(120.0, ge=0, description="l1 of the prediction's Gram matrices")
    style_composite: float = Field(120.0, ge=0, description="l1 of the composite's Gram matrices")
    total_variation: float = Field(0.1, ge=0, description="smoothness of the filled hole")

    @property
    def need_features(self) -> bool:
        """Whether any term with a weight above 0 looks at VGG16 features."""
        return bool(self.perceptual or self.style_prediction or self.style_composite)


def composite(prediction: Any, truth: Any, mask: Any) -> Any:
    """The prediction inside the hole, the truth outside. All `(N, H, W, C)`, mask 1 = known."""
    return ops.where(mask > 0.5, truth, prediction)


def weighted_terms(
    prediction: Any, truth: Any, mask: Any, weights: LossWeights, features: Features | None
) -> dict[str, Any]:
    """Each term times its weight, by the name it has in `LossWeights`.

    Args:
        prediction: `(N, H, W, 3)`, float32, nominally 0..1.
        truth: `(N, H, W, 3)`, float32, 0..1.
        mask: `(N, H, W, 1)`, float32, 1 = known.
        weights: terms of weight 0 are left out, and their cost with them.
        features: maps pictures to a list of feature maps; needed where `weights.need_features`.

    Raises:
        ValueError: a term needs features and there are none.
    """
    terms = {
        "valid": valid_loss(prediction, truth, mask),
        "hole": hole_loss(prediction, truth, mask),
    }
    if weights.total_variation:
        terms["total_variation"] = total_variation_loss(prediction, truth, mask)
    if weights.need_features:
        if features is None:
            raise ValueError("The perceptual and style terms need VGG16 features.")
        completed = composite(prediction, truth, mask)
        terms |= feature_losses(prediction, completed, truth, features)
    given = weights.model_dump()
    return {name: given[name] * value for name, value in terms.items() if given[name]}


def hole_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_hole: l1 on hole pixels, divided by the number of all values of the picture."""
    return ops.mean((1 - mask) * ops.abs(prediction - truth))


def valid_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_valid: l1 on known pixels, divided by the number of all values of the picture."""
    return ops.mean(mask * ops.abs(prediction - truth))


def feature_losses(
    prediction: Any, completed: Any, truth: Any, features: Features
) -> dict[str, Any]:
    """L_perceptual, L_style_out and L_style_comp, summed over the feature maps."""
    of_truth = [ops.stop_gradient(maps) for maps in features(truth)]
    of_prediction = features(prediction)
    of_completed = features(completed)
    zero = ops.zeros((), "float32")
    terms = {"perceptual": zero, "style_prediction": zero, "style_composite": zero}
    for p, c, t in zip(of_prediction, of_completed, of_truth, strict=True):
        p, c, t = (ops.cast(maps, "float32") for maps in (p, c, t))
        terms["perceptual"] += ops.mean(ops.abs(p - t)) + ops.mean(ops.abs(c - t))
        gram_of_truth = gram_matrix(t)
        terms["style_prediction"] += ops.mean(ops.abs(gram_matrix(p) - gram_of_truth))
        terms["style_composite"] += ops.mean(ops.abs(gram_matrix(c) - gram_of_truth))
    return terms


def gram_matrix(maps: Any) -> Any:
    """Auto-correlation of features `(N, H, W, C)` -> `(N, C, C)`, divided by C * H * W (K_p)."""
    batch, height, width, channels = ops.shape(maps)
    flat = ops.reshape(maps, (batch, height * width, channels))
    # Divided first: the sum over all pixels stays small.
    return ops.matmul(ops.transpose(flat, (0, 2, 1)), flat / (channels * height * width))


def total_variation_loss(prediction: Any, truth: Any, mask: Any) -> Any:
    """L_tv: l1 between neighbours of the composite where both lie in the dilated hole.

    The hole is dilated by one pixel, so that the step over its rim counts. Divided by the number
    of all values of the picture.
    """
    completed = composite(prediction, truth, mask)
    region = ops.max_pool(1 - mask, 3, strides=1, padding="same")
    across = ops.abs(completed[:, :, 1:] - completed[:, :, :-1])
    down = ops.abs(completed[:, 1:] - completed[:, :-1])
    total = ops.sum(across * region[:, :, 1:] * region[:, :, :-1]) + ops.sum(
        down * region[:, 1:] * region[:, :-1]
    )
    return total / ops.cast(ops.size(completed), "float32")

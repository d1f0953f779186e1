"""The network together with its loss, as a Keras model that `fit` can train."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from training.losses import LossWeights, weighted_terms
from training.pixel_values import to_unit_range
from training.unet import PConvUNet
from training.vgg import VGGFeatures


class InpaintingObjective(keras.Model):
    """Trains a network on the paper's loss and reports every weighted term by name.

    Args:
        network: what is trained.
        weights: of the loss terms.
        features: VGG16 features; needed where `weights.need_features`.

    Call arguments:
        inputs: `{"image": (N, H, W, 3), "mask": (N, H, W, 1)}` as in `training.samples.Batches`:
            uint8, mask 1 = known. The targets of `fit` are the truth, `(N, H, W, 3)` uint8.

    Raises:
        ValueError: a term needs features and there are none.
    """

    def __init__(
        self, network: PConvUNet, weights: LossWeights, features: VGGFeatures | None = None
    ) -> None:
        super().__init__()
        if weights.need_features and features is None:
            raise ValueError("The perceptual and style terms need VGG16 features.")
        self.network = network
        # Kept off the model where no term needs it, and its memory and time with it.
        self.features = features if weights.need_features else None
        self.weights_of_terms = weights
        self.term_means = {
            name: keras.metrics.Mean(name=name)
            for name, weight in weights.model_dump().items()
            if weight
        }
        self.total_mean = keras.metrics.Mean(name="loss")
        self.hole_mse = keras.metrics.Mean(name="hole_mse")

    @property
    def metrics(self) -> list[Any]:
        return [self.total_mean, *self.term_means.values(), self.hole_mse]

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> Any:
        return self.network(
            {"image": to_unit_range(inputs["image"]), "mask": ops.cast(inputs["mask"], "float32")},
            training=training,
        )

    def terms(self, inputs: dict[str, Any], truth: Any, prediction: Any) -> dict[str, Any]:
        """The weighted loss terms of a batch, by name."""
        mask = ops.cast(inputs["mask"], "float32")
        return weighted_terms(
            prediction, to_unit_range(truth), mask, self.weights_of_terms, self.features
        )

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        terms = self.terms(x, y, y_pred)
        for name, value in terms.items():
            self.term_means[name].update_state(value)
        total = sum(terms.values())
        self.total_mean.update_state(total)
        self._update_hole_mse(x["mask"], to_unit_range(y), y_pred)
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        return self.get_metrics_result()

    def _update_hole_mse(self, mask: Any, truth: Any, prediction: Any) -> None:
        hole = 1 - ops.cast(mask, "float32")
        squares = ops.square(ops.clip(prediction, 0, 1) - truth)
        self.hole_mse.update_state(
            squares, sample_weight=ops.broadcast_to(hole, ops.shape(squares))
        )

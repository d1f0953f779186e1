"""What a network does on drawn samples without learning from them: validation, sheets, norms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from training.features.vgg16 import vgg16_features
from training.learning.devices import everywhere
from training.learning.step import Data, draw
from training.learning.terms import vgg16_depth, weighted_terms
from training.losses.pixels import hole_error

UNCHANGED = SimpleNamespace(flip=False, min_scale=1.0, brightness=0.0, tint=0.0)
"""Crops as they stand in the photo."""


class Examiner:
    """Draws plain samples, predicts, and takes the loss apart.

    Args:
        stage: `training.recipe.Stage`, for sizes and weights.
        call: `training.learning.network_call.NetworkCall`.
        dtype: in which VGG16 computes.
    """

    def __init__(self, stage: Any, call: Any, dtype: Any) -> None:
        self.stage = stage
        self.call = call
        self.dtype = dtype
        self.samples = jax.jit(self._samples, out_shardings=everywhere())
        """`(params, stats, key, data)` to truth, image, mask, prediction and figures by name."""
        self.norms = jax.jit(self._norms, out_shardings=everywhere())
        """`(params, stats, key, data)` to the norm of each term's gradient at the output.

        Weights that balance these norms balance the terms' influence, which their values do not
        tell.
        """

    def _samples(self, params: Any, stats: Any, key: Any, data: Data) -> tuple[Any, ...]:
        truth, image, mask = draw(self.stage, UNCHANGED, key, data, 0.0)
        prediction, _ = self.call(params, stats, image, mask, None)
        terms = self._terms(data, prediction, truth, mask)
        figures = {
            "loss": sum(terms.values()),
            "hole_mse": hole_error(prediction, truth, mask),
            **terms,
        }
        return truth, image, mask, prediction, figures

    def _norms(self, params: Any, stats: Any, key: Any, data: Data) -> dict[str, Any]:
        truth, image, mask = draw(self.stage, UNCHANGED, key, data, 0.0)
        prediction, _ = self.call(params, stats, image, mask, None)
        names = jax.eval_shape(lambda: self._terms(data, prediction, truth, mask))

        def norm(name: str) -> Any:
            def term(prediction: Any) -> Any:
                return self._terms(data, prediction, truth, mask)[name]

            return jnp.linalg.norm(jax.grad(term)(prediction))

        return {name: norm(name) for name in names}

    def _terms(self, data: Data, prediction: Any, truth: Any, mask: Any) -> dict[str, Any]:
        weights, depth = self.stage.weights, vgg16_depth(self.stage.weights)
        of_truth = (
            vgg16_features(data["vgg"], truth, depth=depth, dtype=self.dtype) if depth else []
        )
        return weighted_terms(weights, data["vgg"], prediction, truth, mask, of_truth, self.dtype)

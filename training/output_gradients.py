"""How hard each loss term pulls: the norm of its gradient at the network's output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training.objective import InpaintingObjective


def output_gradient_norms(
    objective: InpaintingObjective, inputs: dict[str, Any], truth: Any
) -> dict[str, float]:
    """l2 norm of each weighted term's gradient with respect to the prediction, by name.

    Weights that balance these norms balance the terms' influence, which their values do not tell.

    Args:
        objective: network and loss.
        inputs: a batch as `InpaintingObjective` takes it.
        truth: `(N, H, W, 3)` uint8.
    """
    prediction = ops.convert_to_tensor(objective(inputs, training=False))

    def norm(name: str) -> float:
        def term(output: Any) -> Any:
            return objective.terms(inputs, truth, output)[name]

        return float(np.linalg.norm(gradient(term, prediction)))

    return {name: norm(name) for name in objective.term_means}


def gradient(function: Callable[[Any], Any], at: Any) -> NDArray[np.floating[Any]]:
    """Gradient of a scalar function at a tensor, on whichever backend Keras runs."""
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(at))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at).numpy()

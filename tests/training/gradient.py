"""A function's gradient on either of Keras's backends."""

import keras
import numpy as np
from keras import ops


def gradient(function, value):
    """The gradient of a scalar function at a tensor, as a NumPy array."""
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(value))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(value)
        result = function(value)
    return ops.convert_to_numpy(tape.gradient(result, value))

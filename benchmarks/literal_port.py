"""The network as the usual ports build it: every mask as wide as its features.

A baseline for speed alone, with random weights. Each layer convolves a mask of all channels with a
kernel of ones, as in Liu et al. 2018, equation 1, read literally; batch norm stays apart, features
and masks are up-sampled and concatenated at full width.
"""

from __future__ import annotations

from typing import Any

import onnx
import tensorflow as tf
import tf2onnx
from keras import layers, ops

from export.convert import OPSET
from training.unet import ENCODER_KERNELS, LEAK


class LiteralPartialConv(layers.Layer):
    """Partial convolution over features and a mask of the same shape (N, H, W, C)."""

    def __init__(self, filters: int, kernel_size: int, strides: int = 1) -> None:
        super().__init__()
        self.filters = filters
        self.side = kernel_size
        self.strides = strides

    def build(self, input_shape: Any) -> None:
        channels = input_shape[0][-1]
        shape = (self.side, self.side, channels, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer="he_normal")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros")
        self.window = float(self.side * self.side * channels)

    def call(self, inputs: Any) -> tuple[Any, Any]:
        features, mask = inputs
        count = self._convolve(mask, ops.ones_like(self.kernel))
        known = ops.clip(count, 0.0, 1.0)
        ratio = self.window / (count + 1e-8) * known
        y = self._convolve(features * mask, self.kernel) * ratio + self.bias * known
        return y, known

    def _convolve(self, x: Any, kernel: Any) -> Any:
        return ops.conv(x, kernel, strides=self.strides, padding="same")


class LiteralUNet:
    """The contract's network of such layers."""

    def __init__(self, levels: int = 7, width: int = 64, max_width: int = 512) -> None:
        widths = [min(width * 2**level, max_width) for level in range(levels)]
        kernels = [*ENCODER_KERNELS, *[3] * levels]
        self.encoder = [
            (
                LiteralPartialConv(width, kernel, 2),
                layers.BatchNormalization() if level else layers.Identity(),
                layers.ReLU(),
            )
            for level, (width, kernel) in enumerate(zip(widths, kernels, strict=False))
        ]
        self.decoder = [
            (LiteralPartialConv(width, 3), layers.BatchNormalization(), layers.LeakyReLU(LEAK))
            for width in reversed(widths[:-1])
        ]
        self.output = LiteralPartialConv(3, 3)
        self.double = layers.UpSampling2D(2, interpolation="nearest")

    def __call__(self, x: Any, mask: Any) -> Any:
        skips = []
        for layer, norm, activation in self.encoder:
            skips.append((x, mask))
            x, mask = layer((x, mask))
            x = activation(norm(x))
        for layer, norm, activation in self.decoder:
            x, mask = layer(self._join(x, mask, *skips.pop()))
            x = activation(norm(x))
        return self.output(self._join(x, mask, *skips.pop()))[0]

    def _join(self, x: Any, mask: Any, skip: Any, skip_mask: Any) -> tuple[Any, Any]:
        joined = ops.concatenate([self.double(x), skip], axis=-1)
        return joined, ops.concatenate([self.double(mask), skip_mask], axis=-1)


def literal_onnx(levels: int = 7, width: int = 64) -> onnx.ModelProto:
    """The literal network as an ONNX file of the same contract, converted as it stands."""
    network = LiteralUNet(levels, width)

    def infer(image: Any, mask: Any) -> dict[str, Any]:
        x = tf.cast(image, tf.float32) / 255.0
        known = tf.repeat(tf.cast(tf.equal(mask, 0), tf.float32), 3, axis=-1)
        levels_of_255 = tf.round(tf.clip_by_value(network(x, known) * 255.0, 0.0, 255.0))
        return {"prediction": tf.cast(levels_of_255, tf.uint8)}

    signature = [
        tf.TensorSpec((None, None, None, 3), tf.uint8, name="image"),
        tf.TensorSpec((None, None, None, 1), tf.uint8, name="mask"),
    ]
    network(tf.zeros((1, 2**levels, 2**levels, 3)), tf.ones((1, 2**levels, 2**levels, 3)))
    model, _ = tf2onnx.convert.from_function(
        tf.function(infer, input_signature=signature), input_signature=signature, opset=OPSET
    )
    return model

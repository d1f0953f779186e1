"""The partial convolution layer: a convolution that sees known pixels only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from training.registration import register


@register
class PartialConv2D(keras.layers.Layer):
    """2-D convolution over the known part of each window, with mask update.

    Liu et al. 2018, equations 1 and 2. With `x` the features, `m` their mask (1 = known), `W` the
    kernel, `b` the bias and `1` a mask that is known everywhere, each window gives

        features:  W · (x * m) * sum(1) / sum(m) + b    where sum(m) > 0, else 0
        mask:      1                                    where sum(m) > 0, else 0

    The sums run over all features of the window, so a group of `n` features that shares a mask
    channel counts `n` times. Padding counts as not known. All mask arithmetic is float32 whatever
    the dtype policy, because the ratio loses its meaning in half precision.

    Args:
        filters: number of output features.
        kernel_size: side of the square window in pixels, odd.
        strides: step of the window in pixels.
        feature_groups: sizes of the consecutive groups of input features that share one mask
            channel each; their sum is the number of input features. None: one group of all.
        use_bias: whether `b` exists.
        kernel_initializer: Keras initializer of `W`.
        bias_initializer: Keras initializer of `b`.
        **kwargs: passed to `keras.layers.Layer`.

    Call arguments:
        inputs: pair `(features, mask)`; features `(N, H, W, C)` of any finite or non-finite content
            under the hole, mask `(N, H, W, groups)` of zeros and ones. The padding is "same".

    Returns:
        Pair `(features, mask)`: `(N, ceil(H / strides), ceil(W / strides), filters)` in the compute
        dtype and a float32 mask with one channel.

    Raises:
        ValueError: the kernel size is even, or the groups do not fit the inputs.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        *,
        feature_groups: Sequence[int] | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "he_normal",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        # Autocast would turn the mask into half precision on its way in.
        super().__init__(autocast=False, **kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}.")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.feature_groups = None if feature_groups is None else tuple(feature_groups)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape: Sequence[Sequence[int | None]]) -> None:
        features_shape, mask_shape = input_shape
        channels = features_shape[-1]
        if channels is None:
            raise ValueError("The number of input features must be known.")
        groups = (channels,) if self.feature_groups is None else self.feature_groups
        if sum(groups) != channels:
            raise ValueError(f"feature_groups {groups} do not add up to {channels} input features.")
        if mask_shape[-1] != len(groups):
            raise ValueError(
                f"The mask has {mask_shape[-1]} channels, expected one for each of {len(groups)} "
                "feature groups."
            )
        self._groups = groups
        window = (self.kernel_size, self.kernel_size)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*window, channels, self.filters),
            initializer=self.kernel_initializer,
        )
        self.bias = (
            self.add_weight(name="bias", shape=(self.filters,), initializer=self.bias_initializer)
            if self.use_bias
            else None
        )
        # Averages a mask over the window; padding contributes zeros.
        self._window_mean = np.full((*window, 1, 1), 1 / self.kernel_size**2, np.float32)

    def call(self, inputs: Sequence[Any]) -> tuple[Any, Any]:
        features, mask = inputs
        mask = ops.cast(mask, "float32")  # (N, H, W, G)
        covered = self._covered_share(mask)  # (N, H', W', 1), 0..1
        known = covered > 0.5 * self._smallest_share
        ratio = ops.where(known, 1 / ops.maximum(covered, self._smallest_share), 0.0)

        y = self._convolve(
            ops.cast(self._hide_holes(features, mask), self.compute_dtype),
            ops.cast(self.kernel, self.compute_dtype),
        )
        y = y * ops.cast(ratio, self.compute_dtype)
        new_mask = ops.cast(known, "float32")
        if self.bias is not None:
            bias = ops.cast(self.bias, self.compute_dtype)
            y = y + bias * ops.cast(new_mask, self.compute_dtype)
        return y, new_mask

    @property
    def _smallest_share(self) -> float:
        """The share of a window that one known pixel of the smallest group covers."""
        return min(self._groups) / (sum(self._groups) * self.kernel_size**2)

    def _covered_share(self, mask: Any) -> Any:
        """sum(m) / sum(1) of equation 1, each group weighted by its number of features."""
        shares = np.array(self._groups, np.float32) / np.float32(sum(self._groups))
        known_features = ops.sum(mask * shares, axis=-1, keepdims=True)
        return self._convolve(known_features, self._window_mean)

    def _hide_holes(self, features: Any, mask: Any) -> Any:
        """Zeros under the hole; a selection, since 0 * inf would leak the hole's content."""
        hidden, start = [], 0
        for index, size in enumerate(self._groups):
            part = features[..., start : start + size]
            known = mask[..., index : index + 1] > 0.5
            hidden.append(ops.where(known, part, ops.zeros((), part.dtype)))
            start += size
        return hidden[0] if len(hidden) == 1 else ops.concatenate(hidden, axis=-1)

    def _convolve(self, x: Any, kernel: Any) -> Any:
        return ops.conv(
            x, kernel, strides=self.strides, padding="same", data_format="channels_last"
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "feature_groups": self.feature_groups,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

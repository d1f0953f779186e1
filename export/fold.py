"""The network's weights with batch norm folded into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.unet import LEAK, PConvUNet

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FoldedConv:
    """One partial convolution with its norm and activation.

    With `r` the ratio of Liu et al. 2018, equation 1, and `M` the new mask, it computes
    `leaky(r * conv(x, kernel) + shift) * M`.

    Attributes:
        kernel: (k, k, C, C') float32.
        shift: (C',) float32, the layer's bias or what the norm adds.
        stride: Step of the window in pixels.
        slope: Slope of the activation below zero: 0 is ReLU, 1 is none.
    """

    kernel: Array
    shift: Array
    stride: int
    slope: float


@dataclass(frozen=True, slots=True)
class FoldedUNet:
    """A `PConvUNet` as plain arrays, for pictures of 0..255 in and out.

    Attributes:
        encoder: Layers from the picture down, each halving the sides.
        decoder: Layers from the bottom up; the last one gives RGB.
    """

    encoder: tuple[FoldedConv, ...]
    decoder: tuple[FoldedConv, ...]

    @property
    def stride(self) -> int:
        """Sides of the input must be multiples of this many pixels."""
        return int(2 ** len(self.encoder))


def fold_network(network: PConvUNet) -> FoldedUNet:
    """Fold batch norm and the change of scale between 0..1 and 0..255 into the weights.

    The ratio is one number per pixel, so the norm's scale commutes with it and goes into the
    kernel, while the norm's shift stays behind the ratio.
    """
    levels = range(1, network.levels + 1)
    encoder = [_fold_layer(network, f"encoder{level}", 0.0) for level in levels]
    decoder = [_fold_layer(network, f"decoder{level}", LEAK) for level in reversed(levels[1:])]
    encoder[0] = _scaled_input(encoder[0])
    return FoldedUNet(tuple(encoder), (*decoder, _output_layer(network)))


def _fold_layer(network: PConvUNet, name: str, slope: float) -> FoldedConv:
    layer = network.get_layer(name)
    kernel = _values(layer.kernel)
    if layer.use_bias:
        shift = _values(layer.bias)
    else:
        norm = network.get_layer(f"{name}_norm")
        scale = _values(norm.gamma) / np.sqrt(_values(norm.moving_variance) + norm.epsilon)
        shift = _values(norm.beta) - scale * _values(norm.moving_mean)
        kernel = kernel * scale
    return FoldedConv(kernel.astype(np.float32), shift.astype(np.float32), layer.strides, slope)


def _scaled_input(first: FoldedConv) -> FoldedConv:
    kernel = (first.kernel / np.float32(255)).astype(np.float32)
    return FoldedConv(kernel, first.shift, first.stride, first.slope)


def _output_layer(network: PConvUNet) -> FoldedConv:
    """The last layer: its output times 255, its second group being the picture of 0..255 itself."""
    folded = _fold_layer(network, "decoder1", 1.0)
    kernel = folded.kernel * np.float32(255)
    kernel[:, :, -3:] = folded.kernel[:, :, -3:]
    return FoldedConv(kernel, folded.shift * np.float32(255), folded.stride, folded.slope)


def _values(variable: Any) -> NDArray[np.float64]:
    return np.asarray(variable.numpy(), np.float64)

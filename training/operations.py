"""How many operations a training sample costs; a multiplication and an addition count as two."""

from __future__ import annotations

import math

from training.partial_conv import PartialConv2D
from training.unet import PConvUNet
from training.vgg import BLOCKS

BACKWARD = 2
"""A layer's gradients, of its inputs and of its weights, each cost as much as the layer."""
VGG_PASSES = 5
"""Truth forward; prediction and composite forward and back to their pixels, not to weights."""


def operations_per_sample(network: PConvUNet, size: int, *, feature_terms: bool) -> float:
    """Operations of one training sample's convolutions; all else is left out.

    Args:
        network: what is trained.
        size: side of the samples in pixels.
        feature_terms: whether the perceptual and style terms look at VGG16 features.
    """
    training = (1 + BACKWARD) * forward_operations(network, size)
    return training + VGG_PASSES * vgg_operations(size) if feature_terms else training


def forward_operations(network: PConvUNet, size: int) -> float:
    """Operations of the network's convolutions of features on one picture of `size` pixels."""
    return sum(
        2.0 * math.prod(layer.kernel.shape) * _side(layer.name, size) ** 2
        for layer in network.layers
        if isinstance(layer, PartialConv2D)
    )


def vgg_operations(size: int) -> float:
    """Operations of VGG16 through its third block on one picture of `size` pixels."""
    total, channels = 0.0, 3
    for block, (features, convolutions) in enumerate(BLOCKS):
        for _ in range(convolutions):
            total += 2.0 * 9 * channels * features * (size // 2**block) ** 2
            channels = features
    return total


def _side(name: str, size: int) -> int:
    """Side of the output of `encoder3` or `decoder3`: a decoder level doubles its input."""
    part, level = name[:7], int(name[7:])
    return size // 2 ** (level if part == "encoder" else level - 1)

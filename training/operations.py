"""How many operations a training sample costs; a multiplication and an addition count as two."""

from __future__ import annotations

import math

from training.features.vgg16 import BLOCKS
from training.learning.terms import vgg16_depth
from training.losses.adversary import KERNEL, SHAPES
from training.partial_conv import PartialConv2D
from training.recipe import LossWeights
from training.unet import PConvUNet

BACKWARD = 2
"""A layer's gradients, of its inputs and of its weights, each cost as much as the layer."""
DISCRIMINATOR_PASSES = 8
"""Generator: forward and back to pixels; learning: forward and back, on photos and on fills."""


def operations_per_sample(network: PConvUNet, size: int, weights: LossWeights) -> float:
    """Operations of one training sample's convolutions; all else is left out, heads too.

    Args:
        network: what is trained.
        size: side of the samples in pixels.
        weights: of the loss, which say what else has to look at the sample.
    """
    total = (1 + BACKWARD) * forward_operations(network, size)
    if weights.need_features:
        # The truth forward; composite, prediction and what heads see forward and back to pixels.
        looks = 1 + 2 * bool(weights.perceptual or weights.style_prediction)
        looks += 2 * bool(
            weights.lpips or weights.style or weights.perceptual or weights.style_composite
        )
        looks += 2 * bool(weights.heads)
        total += looks * vgg_operations(size, vgg16_depth(weights))
    if weights.adversary:
        total += DISCRIMINATOR_PASSES * discriminator_operations(size)
    return total


def forward_operations(network: PConvUNet, size: int) -> float:
    """Operations of the network's convolutions of features on one picture of `size` pixels."""
    return sum(
        2.0 * math.prod(layer.kernel.shape) * _side(layer.name, size) ** 2
        for layer in network.layers
        if isinstance(layer, PartialConv2D)
    )


def vgg_operations(size: int, depth: int) -> float:
    """Operations of VGG16's first `depth` blocks on one picture of `size` pixels."""
    total, channels = 0.0, 3
    for block, (features, convolutions) in enumerate(BLOCKS[:depth]):
        for _ in range(convolutions):
            total += 2.0 * 9 * channels * features * (size // 2**block) ** 2
            channels = features
    return total


def discriminator_operations(size: int) -> float:
    """Operations of the discriminator of patches on one picture of `size` pixels."""
    total = 0.0
    for inputs, outputs, stride in SHAPES:
        size //= stride
        total += 2.0 * KERNEL**2 * inputs * outputs * size**2
    return total


def _side(name: str, size: int) -> int:
    """Side of the output of `encoder3` or `decoder3`: a decoder level doubles its input."""
    part, level = name[:7], int(name[7:])
    return size // 2 ** (level if part == "encoder" else level - 1)

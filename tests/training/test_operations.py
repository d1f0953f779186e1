"""Counting operations."""

import pytest

from tests.training.toys import PIXELS
from training.operations import (
    discriminator_operations,
    forward_operations,
    operations_per_sample,
    vgg_operations,
)
from training.recipe import LossWeights
from training.unet import PConvUNet


def test_a_network_of_one_level_by_hand():
    network = PConvUNet(levels=1, width=4)
    encoder = 2 * 7 * 7 * 3 * 4 * 8 * 8
    decoder = 2 * 3 * 3 * (4 + 3) * 3 * 16 * 16
    assert forward_operations(network, 16) == encoder + decoder


def test_levels_halve_and_double_sides():
    network = PConvUNet(levels=2, width=2, max_width=4)
    encoder = 2 * (49 * 3 * 2 * 16**2 + 25 * 2 * 4 * 8**2)
    decoder = 2 * 9 * ((4 + 2) * 2 * 16**2 + (2 + 3) * 3 * 32**2)
    assert forward_operations(network, 32) == encoder + decoder


def test_vgg_by_hand():
    first = 3 * 64 + 64 * 64
    second = (64 * 128 + 128 * 128) / 4
    third = (128 * 256 + 2 * 256 * 256) / 16
    assert vgg_operations(8, 2) == 2 * 9 * 8 * 8 * (first + second)
    assert vgg_operations(8, 3) == 2 * 9 * 8 * 8 * (first + second + third)


def test_the_discriminator_by_hand():
    layers = 4 * 64 * 8**2 + 64 * 128 * 4**2 + (128 * 256 + 256 * 512 + 512) * 2**2
    assert discriminator_operations(16) == 2 * 16 * layers


@pytest.mark.parametrize(
    ("weights", "looks", "depth", "judged"),
    [
        ({}, 0, 0, 0),
        ({"style_composite": 1}, 3, 3, 0),
        ({"perceptual": 1}, 5, 3, 0),
        ({"lpips": 1}, 3, 5, 0),
        ({"lpips": 1, "heads": 1}, 5, 5, 0),
        ({"adversary": 1}, 0, 0, 8),
    ],
)
def test_a_sample_goes_forward_and_back_through_all_that_looks_at_it(weights, looks, depth, judged):
    network = PConvUNet(levels=1, width=4)
    total = operations_per_sample(network, 16, LossWeights(**{**PIXELS, **weights}))
    expected = 3 * forward_operations(network, 16) + looks * vgg_operations(16, depth)
    assert total == pytest.approx(expected + judged * discriminator_operations(16))

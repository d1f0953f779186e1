"""Counting operations."""

import pytest

from training.operations import forward_operations, operations_per_sample, vgg_operations
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
    assert vgg_operations(8) == 2 * 9 * 8 * 8 * (first + second + third)


def test_a_sample_goes_forward_and_back():
    network = PConvUNet(levels=1, width=4)
    pixels = operations_per_sample(network, 16, feature_terms=False)
    assert pixels == 3 * forward_operations(network, 16)
    features = operations_per_sample(network, 16, feature_terms=True)
    assert features - pixels == pytest.approx(5 * vgg_operations(16))

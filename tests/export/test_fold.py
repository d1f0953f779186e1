import numpy as np
import pytest

from export.fold import fold_network


def test_scale_goes_into_the_kernel_and_shift_stays_outside(network):
    folded = fold_network(network).encoder[1]
    norm = network.get_layer("encoder2_norm")
    features = np.random.default_rng(0).normal(size=(1, 2, 2, folded.kernel.shape[-1]))
    plain_kernel = network.get_layer("encoder2").kernel.numpy()
    folded_scale = folded.kernel[0, 0, 0] / plain_kernel[0, 0, 0]
    expected = norm(features.astype(np.float32), training=False).numpy()
    assert features * folded_scale + folded.shift == pytest.approx(expected, abs=1e-5)


def test_layers_keep_their_order_and_activation(network):
    folded = fold_network(network)
    assert folded.stride == network.stride
    assert [layer.kernel.shape for layer in folded.encoder] == [
        (7, 7, 3, 8),
        (5, 5, 8, 16),
        (5, 5, 16, 32),
    ]
    assert [layer.kernel.shape for layer in folded.decoder] == [
        (3, 3, 32 + 16, 16),
        (3, 3, 16 + 8, 8),
        (3, 3, 8 + 3, 3),
    ]
    assert [layer.slope for layer in folded.encoder] == [0, 0, 0]
    assert [layer.slope for layer in folded.decoder] == [0.2, 0.2, 1]


def test_scale_of_the_picture_is_folded_at_both_ends(network):
    folded = fold_network(network)
    first = network.get_layer("encoder1")
    last = network.get_layer("decoder1")
    assert folded.encoder[0].kernel * 255 == pytest.approx(first.kernel.numpy(), rel=1e-6)
    assert folded.decoder[-1].shift == pytest.approx(last.bias.numpy() * 255, rel=1e-6)
    of_features, of_picture = np.split(folded.decoder[-1].kernel, [8], axis=2)
    assert of_features == pytest.approx(last.kernel.numpy()[:, :, :8] * 255, rel=1e-6)
    assert np.array_equal(of_picture, last.kernel.numpy()[:, :, 8:])

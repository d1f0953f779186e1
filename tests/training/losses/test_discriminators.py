"""Spectral norm, the discriminator of patches and the heads on features."""

import functools

import jax
import numpy as np
import pytest

from training.losses import adversary, feature_heads
from training.losses.spectral_norm import normalise, random_layers

SHAPES = [(3, 3, 2, 5), (1, 1, 5, 1)]
jitted = functools.cache(jax.jit)


def matrix(layer):
    kernel = np.asarray(layer["w"])
    return kernel.reshape(-1, kernel.shape[-1])


def test_kernels_are_divided_by_their_largest_singular_value():
    layers, vectors = random_layers(np.random.default_rng(0), SHAPES)
    step = jax.jit(normalise)
    for _ in range(60):
        normal, vectors = step(layers, vectors)
    for layer, after, vector in zip(layers, normal, vectors, strict=True):
        _, values, right = np.linalg.svd(matrix(layer))
        np.testing.assert_allclose(matrix(after), matrix(layer) / values[0], rtol=1e-3, atol=1e-5)
        assert abs(float(right[0] @ np.asarray(vector))) == pytest.approx(1, rel=1e-3)
        np.testing.assert_array_equal(after["b"], layer["b"])


def test_kernels_are_he_normal_and_their_seed_decides():
    shape = (3, 3, 32, 64)
    (layer,), (vector,) = random_layers(np.random.default_rng(0), [shape])
    (other,), _ = random_layers(np.random.default_rng(1), [shape])
    assert float(np.std(layer["w"])) == pytest.approx(np.sqrt(2 / (9 * 32)), rel=0.02)
    assert vector.shape == layer["b"].shape == (64,)
    assert not np.array_equal(layer["w"], other["w"])


def test_a_patch_is_70_pixels():
    """What one judgement looks at: found by its gradient."""
    thin = [(4, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 1), (2, 1, 1)]
    assert [stride for *_, stride in thin] == [stride for *_, stride in adversary.SHAPES]
    layers = [
        {"w": np.ones((4, 4, inputs, outputs), np.float32), "b": np.zeros(outputs, np.float32)}
        for inputs, outputs, _ in thin
    ]
    mask = np.ones((1, 128, 128, 1), np.float32)

    def middle(picture):
        judged = adversary.judge(layers, picture, mask)
        assert judged.shape == (1, 16, 16, 1)
        return judged[0, 8, 8, 0]

    slope = np.asarray(jax.jit(jax.grad(middle))(np.ones((1, 128, 128, 3), np.float32)))
    rows, columns = np.nonzero(slope[0].any(axis=-1))
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == 70


def test_targets_are_softened_by_the_holes_share_of_a_patch():
    mask = np.ones((1, 16, 16, 1), np.float32)
    mask[0, :8, :8] = 0
    judged = np.float32([[0.2, 0.9], [1.0, 0.4]]).reshape(1, 2, 2, 1)
    share = np.asarray(jitted(adversary.hole_share)(mask, judged))[0, ..., 0]
    # Scaled down with a triangle of 16 pixels: neighbours see a part of the hole.
    assert share[0, 1] == pytest.approx(share[1, 0])
    assert share[0, 0] > share[0, 1] > share[1, 1] > 0
    assert share.mean() == pytest.approx(0.25, abs=0.02)
    values = judged[0, ..., 0]
    generator = np.mean((values - 1) ** 2 * share)
    assert float(jitted(adversary.generator_loss)(judged, mask)) == pytest.approx(
        generator, rel=1e-5
    )
    truth = np.full_like(judged, 0.7)
    discriminator = 0.3**2 + np.mean((values - (1 - share)) ** 2)
    loss = float(jitted(adversary.discriminator_loss)(truth, judged, mask))
    assert loss == pytest.approx(discriminator, rel=1e-5)
    seen = float(jitted(adversary.in_hole)(judged, mask))
    assert seen == pytest.approx((values * share).sum() / share.sum(), rel=1e-5)


def test_without_a_hole_the_generator_pays_nothing():
    judged, mask = np.zeros((1, 2, 2, 1), np.float32), np.ones((1, 16, 16, 1), np.float32)
    assert float(jitted(adversary.generator_loss)(judged, mask)) == 0
    assert float(jitted(adversary.in_hole)(judged, mask)) == 0


@pytest.fixture
def narrow_heads(monkeypatch):
    monkeypatch.setattr(feature_heads, "DEPTHS", {1: 3, 2: 4, 3: 5})
    monkeypatch.setattr(feature_heads, "WIDTH", 6)
    rng = np.random.default_rng(0)
    features = [
        rng.normal(size=(1, 16 // 2**depth, 16 // 2**depth, channels)).astype(np.float32)
        for depth, channels in enumerate((2, 3, 4, 5))
    ]
    return feature_heads.random_heads(rng)[0], features


def test_heads_do_not_see_how_loud_features_are(narrow_heads):
    layers, features = narrow_heads
    judge = jax.jit(feature_heads.judge_features)
    judged = judge(layers, features)
    assert [one.shape for one in judged] == [(1, 8, 8, 1), (1, 4, 4, 1), (1, 2, 2, 1)]
    louder = judge(layers, [maps * np.float32(100) for maps in features])
    for one, other in zip(judged, louder, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.02)


def test_losses_of_heads_are_sums(narrow_heads):
    _, features = narrow_heads
    judged = [maps[..., :1] for maps in features[1:]]
    mask = np.ones((1, 16, 16, 1), np.float32)
    mask[0, 4:10, 3:12] = 0
    each = [float(jitted(adversary.generator_loss)(one, mask)) for one in judged]
    total = float(jitted(feature_heads.heads_generator_loss)(judged, mask))
    assert total == pytest.approx(sum(each), rel=1e-5)
    both = [float(jitted(adversary.discriminator_loss)(one, one, mask)) for one in judged]
    total = float(jitted(feature_heads.heads_loss)(judged, judged, mask))
    assert total == pytest.approx(sum(both), rel=1e-5)

"""Losses on features against NumPy."""

import jax
import numpy as np
import pytest

from tests.training.reference import gram
from training.losses.perceptual import SCALE, perceptual_loss, pooled
from training.losses.style import EPSILON, gram_matrix, relative_style_loss, style_loss

SHAPES = [(2, 8, 6, 3), (2, 4, 3, 5), (2, 2, 2, 4), (2, 1, 2, 4), (2, 1, 1, 4)]


def maps(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]


def test_pools_are_the_largest_of_four_over_the_scale():
    given = maps(0)
    pools = jax.device_get(jax.jit(pooled)(given))
    assert len(pools) == 3
    for pool, features, scale in zip(pools, given, SCALE, strict=False):
        for n, y, x, c in np.ndindex(*pool.shape):
            window = features[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, c]
            assert float(pool[n, y, x, c]) == pytest.approx(window.max() / scale, rel=1e-5)


def test_perceptual_is_the_l1_of_prediction_and_composite():
    p, c, t = maps(0), maps(1), maps(2)
    expected = sum(
        np.abs(a - truth).mean() + np.abs(b - truth).mean()
        for a, b, truth in zip(p, c, t, strict=True)
    )
    assert float(jax.jit(perceptual_loss)(p, c, t)) == pytest.approx(expected, rel=1e-5)
    assert float(jax.jit(perceptual_loss)(t, t, t)) == 0


def test_style_is_the_l1_of_gram_matrices():
    f, t = maps(0), maps(1)
    expected = 0.0
    for a, b in zip(f, t, strict=True):
        expected += np.mean([np.abs(gram(a[n]) - gram(b[n])).mean() for n in range(2)])
    assert float(jax.jit(style_loss)(f, t)) == pytest.approx(expected, rel=1e-4)


def test_relative_style_weighs_depths_alike_whatever_their_scale():
    f, t = maps(0), maps(1)
    expected = 0.0
    for a, b in zip(f[:4], t[:4], strict=True):
        grams = [np.stack([gram(x[n]) * x.shape[-1] for n in range(2)]) for x in (a, b)]
        expected += np.abs(grams[0] - grams[1]).mean() / (np.abs(grams[1]).mean() + EPSILON) / 4
    value = float(jax.jit(relative_style_loss)(f, t))
    assert value == pytest.approx(expected, rel=1e-4)
    scales = [1, 10, 100, 1000, 1]
    louder = [[x * scale for x, scale in zip(side, scales, strict=True)] for side in (f, t)]
    assert float(jax.jit(relative_style_loss)(*louder)) == pytest.approx(value, rel=1e-3)


def test_the_truth_of_relative_style_is_a_constant():
    f, t = maps(0), maps(1)
    slopes = jax.jit(jax.grad(lambda truth: relative_style_loss(f, truth)))(t)
    assert not any(np.any(slope) for slope in slopes)


def test_gram_matrices_of_half_precision_are_float32():
    given = maps(0)[0]
    value = jax.jit(gram_matrix)(given.astype(np.float16))
    assert value.dtype == np.float32
    np.testing.assert_allclose(value[0], gram(given[0]) * 3, rtol=1e-2, atol=1e-2)

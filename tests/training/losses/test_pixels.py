"""Losses on pixels against nested loops."""

import jax
import numpy as np
import pytest

from tests.training.reference import total_variation
from training.losses import pixels

SHAPE = (2, 9, 7, 3)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    prediction = rng.random(SHAPE).astype(np.float32)
    truth = rng.random(SHAPE).astype(np.float32)
    mask = (rng.random((*SHAPE[:3], 1)) > 0.4).astype(np.float32)
    return prediction, truth, mask


def test_hole_and_valid(batch):
    prediction, truth, mask = batch
    hole = valid = 0.0
    for index in np.ndindex(*SHAPE):
        difference = abs(float(prediction[index]) - float(truth[index]))
        if mask[index[:3]][0]:
            valid += difference
        else:
            hole += difference
    assert float(jax.jit(pixels.hole_loss)(*batch)) == pytest.approx(
        hole / np.prod(SHAPE), rel=1e-5
    )
    assert float(jax.jit(pixels.valid_loss)(*batch)) == pytest.approx(
        valid / np.prod(SHAPE), rel=1e-5
    )


def test_total_variation(batch):
    prediction, truth, mask = batch
    completed = np.where(mask > 0, truth, prediction)
    np.testing.assert_array_equal(pixels.composite(*batch), completed)
    expected = np.mean(
        [total_variation(completed[n], mask[n, ..., 0] == 0) for n in range(SHAPE[0])]
    )
    assert float(jax.jit(pixels.total_variation_loss)(*batch)) == pytest.approx(expected, rel=1e-5)


def test_total_variation_counts_the_step_over_the_rim():
    truth = np.zeros((1, 5, 5, 1), np.float32)
    mask = np.ones((1, 5, 5, 1), np.float32)
    mask[0, 2, 2] = 0
    value = float(jax.jit(pixels.total_variation_loss)(truth + 1, truth, mask))
    assert value == pytest.approx(4 / 25)


def test_the_error_is_of_the_clipped_prediction_in_the_hole():
    truth = np.full((1, 2, 2, 3), 0.5, np.float32)
    prediction = truth + np.float32([3, 0.1, 9, 9]).reshape(1, 2, 2, 1)
    mask = np.float32([0, 0, 1, 1]).reshape(1, 2, 2, 1)
    assert float(jax.jit(pixels.hole_error)(prediction, truth, mask)) == pytest.approx(
        (0.25 + 0.01) / 2
    )
    assert float(jax.jit(pixels.hole_error)(prediction, truth, np.ones_like(mask))) == 0

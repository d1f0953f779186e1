"""Each term of the loss against NumPy."""

import numpy as np
import pytest
from keras import ops

from tests.training.reference import gram, total_variation
from training import losses
from training.losses import LossWeights, weighted_terms

SHAPE = (2, 9, 7, 3)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    prediction = rng.random(SHAPE).astype(np.float32)
    truth = rng.random(SHAPE).astype(np.float32)
    mask = (rng.random((*SHAPE[:3], 1)) > 0.4).astype(np.float32)
    return prediction, truth, mask


def squares(images):
    """Two stand-ins for feature maps, cheap enough to follow by hand."""
    return [images * images, images[:, ::2, ::2] - 0.5 * images[:, ::2, ::2, ::-1]]


def test_hole_and_valid(batch):
    prediction, truth, mask = batch
    hole = valid = 0.0
    for index in np.ndindex(*SHAPE):
        difference = abs(float(prediction[index]) - float(truth[index]))
        if mask[index[:3]][0]:
            valid += difference
        else:
            hole += difference
    assert float(losses.hole_loss(*batch)) == pytest.approx(hole / np.prod(SHAPE), rel=1e-5)
    assert float(losses.valid_loss(*batch)) == pytest.approx(valid / np.prod(SHAPE), rel=1e-5)


def test_total_variation(batch):
    prediction, truth, mask = batch
    completed = np.where(mask > 0, truth, prediction)
    expected = np.mean(
        [total_variation(completed[n], mask[n, ..., 0] == 0) for n in range(SHAPE[0])]
    )
    value = float(losses.total_variation_loss(*batch))
    assert value == pytest.approx(expected, rel=1e-5)


def test_total_variation_counts_the_step_over_the_rim():
    truth = np.zeros((1, 5, 5, 1), np.float32)
    mask = np.ones((1, 5, 5, 1), np.float32)
    mask[0, 2, 2] = 0
    value = float(losses.total_variation_loss(truth + 1, truth, mask))
    assert value == pytest.approx(4 / 25)


def test_perceptual_and_style(batch):
    prediction, truth, mask = batch
    completed = np.where(mask > 0, truth, prediction)
    expected = {"perceptual": 0.0, "style_prediction": 0.0, "style_composite": 0.0}
    for p, c, t in zip(squares(prediction), squares(completed), squares(truth), strict=True):
        expected["perceptual"] += np.abs(p - t).mean() + np.abs(c - t).mean()
        for name, maps in (("style_prediction", p), ("style_composite", c)):
            expected[name] += np.mean(
                [np.abs(gram(maps[n]) - gram(t[n])).mean() for n in range(SHAPE[0])]
            )

    terms = losses.feature_losses(
        ops.convert_to_tensor(prediction),
        ops.convert_to_tensor(completed),
        ops.convert_to_tensor(truth),
        squares,
    )

    assert set(terms) == set(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, rel=1e-4)


def test_a_perfect_prediction_costs_only_its_own_variation(batch):
    _, truth, mask = batch
    terms = weighted_terms(truth, truth, mask, LossWeights(), squares)
    assert set(terms) == set(LossWeights.model_fields)
    assert [name for name, value in terms.items() if float(value) > 0] == ["total_variation"]


def test_the_papers_weights():
    assert LossWeights().model_dump() == {
        "valid": 1,
        "hole": 6,
        "perceptual": 0.05,
        "style_prediction": 120,
        "style_composite": 120,
        "total_variation": 0.1,
    }


def test_terms_are_weighted_and_those_of_weight_zero_left_out(batch):
    weights = LossWeights(hole=2, valid=0, perceptual=0, style_prediction=0, style_composite=0)
    terms = weighted_terms(*batch, weights, features=None)
    assert set(terms) == {"hole", "total_variation"}
    assert float(terms["hole"]) == pytest.approx(2 * float(losses.hole_loss(*batch)))


def test_feature_terms_without_features_are_refused(batch):
    with pytest.raises(ValueError, match="VGG16"):
        weighted_terms(*batch, LossWeights(), features=None)

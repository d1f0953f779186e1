"""Gradient norms at the output."""

import numpy as np
import pytest
from keras import ops

from training.losses import LossWeights
from training.objective import InpaintingObjective
from training.output_gradients import gradient, output_gradient_norms
from training.unet import PConvUNet


def test_gradient_of_a_parabola():
    slope = gradient(lambda x: ops.sum(x * x), ops.convert_to_tensor(np.array([1.0, -3.0])))
    np.testing.assert_allclose(slope, [2, -6])


def test_l1_terms_pull_as_counted_by_hand():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    mask = np.ones((2, 16, 16, 1), np.uint8)
    mask[:, 3:9, 4:12] = 0
    weights = LossWeights(
        perceptual=0, style_prediction=0, style_composite=0, total_variation=0, hole=6, valid=1
    )
    objective = InpaintingObjective(PConvUNet(levels=2, width=2), weights)

    norms = output_gradient_norms(objective, {"image": truth, "mask": mask}, truth)

    # The slope of a mean absolute difference is 1 / size at every value that takes part.
    hole, values = 3 * int((mask == 0).sum()), truth.size
    assert norms == {
        "valid": pytest.approx(np.sqrt(values - hole) / values, rel=1e-3),
        "hole": pytest.approx(6 * np.sqrt(hole) / values, rel=1e-3),
    }

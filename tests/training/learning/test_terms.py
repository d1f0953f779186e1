"""The weighted terms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.training.toys import PIXELS
from training.features.vgg16 import vgg16_features
from training.learning.terms import FEATURE_TERMS, TERMS, vgg16_depth, weighted_terms
from training.losses.lpips import lpips
from training.losses.perceptual import perceptual_loss, pooled
from training.losses.pixels import composite, hole_loss
from training.losses.style import relative_style_loss, style_loss
from training.recipe import LossWeights


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    prediction, truth = rng.random((2, 1, 16, 16, 3)).astype(np.float32)
    mask = (rng.random((1, 16, 16, 1)) > 0.4).astype(np.float32)
    return prediction, truth, mask


def terms_of(weights, vgg, pictures):
    depth = vgg16_depth(weights)
    of_truth = looked_at(vgg, pictures[1], depth) if depth else []
    return jax.jit(
        lambda vgg, pictures, of_truth: weighted_terms(
            weights, vgg, *pictures, of_truth, jnp.float32
        )
    )(vgg, pictures, of_truth)


def looked_at(vgg, picture, depth=5):
    return jax.jit(vgg16_features, static_argnames="depth")(vgg, picture, depth=depth)


def test_each_feature_term_is_its_loss_times_its_weight(pictures, vgg):
    weights = LossWeights(
        perceptual=2, style_prediction=3, style_composite=4, lpips=5, style=6, adversary=1, heads=1
    )
    terms = terms_of(weights, vgg, pictures)
    assert set(terms) == set(TERMS)
    prediction, truth = looked_at(vgg, pictures[0]), looked_at(vgg, pictures[1])
    completed = looked_at(vgg, composite(*pictures))
    p, c, t = (pooled(maps) for maps in (prediction, completed, truth))
    for name, value in {
        "perceptual": 2 * perceptual_loss(p, c, t),
        "style_prediction": 3 * style_loss(p, t),
        "style_composite": 4 * style_loss(c, t),
        "lpips": 5 * lpips(vgg, completed, truth),
        "style": 6 * relative_style_loss(completed, truth),
    }.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-4), name


def test_terms_of_weight_zero_are_left_out(pictures):
    terms = terms_of(LossWeights(**PIXELS, valid=0, hole=2), {}, pictures)
    assert set(terms) == {"hole", "total_variation"}
    assert float(terms["hole"]) == pytest.approx(2 * float(hole_loss(*pictures)))


def test_a_perfect_prediction_costs_only_its_own_variation(pictures, vgg):
    _, truth, mask = pictures
    terms = terms_of(LossWeights(lpips=1, style=1), vgg, (truth, truth, mask))
    assert [name for name, value in terms.items() if float(value) > 1e-6] == ["total_variation"]


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        (None, 0),
        ("perceptual", 3),
        ("style_composite", 3),
        ("style", 4),
        ("heads", 4),
        ("lpips", 5),
    ],
)
def test_vgg_is_as_deep_as_a_term_needs(name, depth):
    assert vgg16_depth(LossWeights(**{**PIXELS, **({name: 1} if name else {})})) == depth


def test_terms_have_weights_of_their_names():
    assert set(TERMS) < LossWeights.model_fields.keys()
    assert set(FEATURE_TERMS) < set(TERMS)

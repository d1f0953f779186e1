"""One training step, on a network of one convolution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.training.toys import PIXELS, SIDE, ToyCall, toy_data, toy_stage
from training.learning import adam
from training.learning.examine import Examiner
from training.learning.step import begin, build_program, draw, new_rivals
from training.losses import adversary, feature_heads
from training.recipe import Augmentation

CHANGES = Augmentation(flip=True)
ALL = {"lpips": 0.3, "style": 0.1, "adversary": 0.4, "heads": 0.2}


def steps(first, count, rate=1e-2, ramp=1.0):
    return {
        "number": np.arange(first, first + count, dtype=np.int32),
        "rate": np.full(count, rate, np.float32),
        "ramp": np.full(count, ramp, np.float32),
    }


def program(stage):
    return jax.jit(build_program(stage, CHANGES, ToyCall(), jnp.float32))


@pytest.fixture(scope="module")
def key():
    return jax.random.key(3)


@pytest.fixture(scope="module")
def data():
    return toy_data()


@pytest.fixture(scope="module")
def plain():
    """A stage of pixel terms that trains the bias alone, and its program."""
    stage = toy_stage({"total_variation": 0}, norm="encoder_frozen")
    return stage, program(stage)


def test_a_step_follows_the_gradient(plain, data, key):
    stage, run = plain
    (kernel, bias), stats = ToyCall().arrays()
    state, figures = run(begin(stage, [kernel, bias], stats), key, steps(0, 1), data)

    sample = jax.jit(lambda key, data: draw(stage, CHANGES, key, data, 0.0))
    truth, image, mask = sample(jax.random.fold_in(key, 0), data)
    seen, _ = ToyCall()([kernel, bias], stats, image, mask, "batch")
    truth, mask, seen = (np.asarray(value) for value in (truth, mask, seen))
    error = np.abs(seen - truth)
    assert float(figures["hole"][0]) == pytest.approx(6 * ((1 - mask) * error).mean(), rel=1e-4)
    assert float(figures["valid"][0]) == pytest.approx((mask * error).mean(), rel=1e-4)
    both = figures["hole"][0] + figures["valid"][0]
    assert float(figures["loss"][0]) == pytest.approx(float(both), rel=1e-5)
    # An l1's slope is a sign; Adam's first step has the rate's length whatever the slope's.
    slope = (np.sign(seen - truth) * (6 * (1 - mask) + mask)).sum((0, 1, 2)) / seen.size
    np.testing.assert_allclose(
        np.asarray(state["params"][1]), np.asarray(bias) - 1e-2 * np.sign(slope), atol=1e-5
    )
    np.testing.assert_array_equal(state["params"][0], kernel)  # frozen
    np.testing.assert_allclose(state["stats"][0], 0.1 * seen.mean((0, 1, 2)), rtol=1e-3)
    assert float(state["step"]) == 1


def test_the_same_seed_gives_the_same_step_and_another_one_another(plain, data, key):
    stage, run = plain

    def after(key, number):
        params, stats = ToyCall().arrays()
        return np.asarray(
            run(begin(stage, params, stats), key, steps(number, 1), data)[0]["moments"]["m"][1]
        )

    np.testing.assert_array_equal(after(key, 5), after(key, 5))
    assert not np.array_equal(after(key, 5), after(key, 6))
    assert not np.array_equal(after(key, 5), after(jax.random.key(4), 5))


def test_several_steps_of_a_dispatch_are_as_many_single_ones(plain, data, key):
    stage, run = plain
    state = begin(stage, *ToyCall().arrays())
    together, figures = run(state, key, steps(0, 3), data)
    losses = []
    for number in range(3):
        state, of_step = run(state, key, steps(number, 1), data)
        losses.append(float(of_step["loss"][0]))
    np.testing.assert_allclose(figures["loss"], losses, rtol=1e-5)
    for one, other in zip(jax.tree.leaves(together), jax.tree.leaves(state), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def everything(vgg, key):
    """Two steps with every term that there is: states before, between and after."""
    with pytest.MonkeyPatch.context() as patch:
        shapes = [(4, 3, 2), (3, 3, 2), (3, 4, 2), (4, 4, 1), (4, 1, 1)]
        patch.setattr(adversary, "SHAPES", shapes)
        patch.setattr(feature_heads, "DEPTHS", {1: 4, 2: 4, 3: 4})
        patch.setattr(feature_heads, "WIDTH", 5)
        options = {"clip_norm": 1e-3, "weight_average": 0.9, "lattice_share": 0.5, "norm": "frozen"}
        stage = toy_stage(ALL, betas=(0.0, 0.0), **options)
        rivals = new_rivals(stage, {}, (0, 0))
        before = begin(stage, *ToyCall().arrays(), rivals)
        run, data = program(stage), toy_data(vgg)
        first, figures = run(before, key, steps(0, 1), data)
        second, _ = run(first, key, steps(1, 1), data)
    return stage, [before, first, second], {name: float(v[0]) for name, v in figures.items()}


def test_all_terms_are_there_and_numbers(everything):
    _, _, figures = everything
    wanted = {"hole", "valid", "total_variation", "lpips", "style", "adversary", "heads"}
    wanted |= {"discriminator", "discriminator_photos", "discriminator_filled"}
    assert wanted | {"heads_discriminator", "gradient_norm", "hole_mse"} <= figures.keys()
    assert all(np.isfinite(value) for value in figures.values())
    terms = ("hole", "valid", "total_variation", "lpips", "style")
    assert figures["loss"] == pytest.approx(sum(figures[name] for name in terms), rel=1e-5)


def test_discriminators_learn_and_frozen_statistics_stay(everything):
    _, (before, first, _), _ = everything
    for name in ("pixels", "heads"):
        for old, new in zip(before[name]["layers"], first[name]["layers"], strict=True):
            assert not np.array_equal(old["w"], new["w"])
    np.testing.assert_array_equal(before["stats"][0], first["stats"][0])


def test_gradients_are_cut_to_their_norm(everything):
    _, (_, first, _), figures = everything
    assert figures["gradient_norm"] > 1e-3
    # Betas of 0: the first moment is the gradient that was followed.
    size = np.sqrt(sum(np.sum(np.square(m)) for m in first["moments"]["m"]))
    assert size == pytest.approx(1e-3, rel=1e-3)


def test_the_average_is_a_mean_at_first(everything):
    _, states, _ = everything
    values = [np.asarray(state["params"][0]) for state in states]
    np.testing.assert_allclose(states[1]["average"][0], (values[0] + values[1]) / 2, rtol=1e-5)
    np.testing.assert_allclose(states[2]["average"][0], sum(values) / 3, rtol=1e-4)


def test_rivals_are_made_once_and_wait_where_they_are_not_needed():
    with_adversary, without = toy_stage({"adversary": 1}), toy_stage()
    assert new_rivals(without, {}, (0, 0)) == {}
    made = new_rivals(with_adversary, {}, (0, 0))
    assert made.keys() == {"pixels"}
    assert new_rivals(with_adversary, made, (1, 1))["pixels"] is made["pixels"]
    other = new_rivals(with_adversary, {}, (0, 1))
    first = [rivals["pixels"]["layers"][0]["w"] for rivals in (made, other)]
    assert not np.array_equal(*first)
    stale = {**made["pixels"], "moments": {"m": 1, "v": 1}}
    state = begin(without, *ToyCall().arrays(), {"pixels": stale})
    assert not any(np.any(moment) for moment in jax.tree.leaves(state["pixels"]["moments"]))


def test_adam_is_adam():
    rng = np.random.default_rng(0)
    value = wanted = rng.normal(size=5).astype(np.float32)
    m = v = np.zeros(5)
    moments = adam.fresh([value])
    params = [jnp.asarray(value)]
    for number in range(1, 4):
        gradient = rng.normal(size=5).astype(np.float32)
        params, moments = adam.update(
            params, [gradient], moments, np.float32(number), 0.1, (0.8, 0.95)
        )
        m, v = 0.8 * m + 0.2 * gradient, 0.95 * v + 0.05 * gradient**2
        wanted = wanted - 0.1 * (m / (1 - 0.8**number)) / (np.sqrt(v / (1 - 0.95**number)) + 1e-8)
    np.testing.assert_allclose(params[0], wanted, rtol=1e-5)


def test_gradient_norms_at_the_output_are_as_counted_by_hand(data):
    stage = toy_stage({"total_variation": 0})
    examiner = Examiner(stage, ToyCall(), jnp.float32)
    arrays, key = ToyCall().arrays(), jax.random.key(0)
    norms = examiner.norms(*arrays, key, data)
    samples = jax.device_get(examiner.samples(*arrays, key, data))
    truth, image, mask, prediction, figures = samples
    assert prediction.shape == (2, SIDE, SIDE, 3)
    np.testing.assert_array_equal(truth, image)
    # The slope of a mean absolute difference is 1 / size at every value that takes part.
    known, values = 3 * float(np.sum(mask)), truth.size
    assert norms.keys() == {"valid", "hole"}
    assert float(norms["valid"]) == pytest.approx(np.sqrt(known) / values, rel=1e-3)
    assert float(norms["hole"]) == pytest.approx(6 * np.sqrt(values - known) / values, rel=1e-3)
    squares = (np.clip(prediction, 0, 1) - truth) ** 2 * (1 - mask)
    assert float(figures["hole_mse"]) == pytest.approx(squares.sum() / (values - known), rel=1e-4)


def test_only_the_papers_terms_are_on_by_default():
    from training.recipe import LossWeights

    assert LossWeights().model_dump() == {
        "valid": 1,
        "hole": 6,
        "perceptual": 0.05,
        "style_prediction": 120,
        "style_composite": 120,
        "total_variation": 0.1,
        "lpips": 0,
        "style": 0,
        "adversary": 0,
        "heads": 0,
    }
    assert not LossWeights(**PIXELS).need_features
    assert LossWeights(**PIXELS, heads=1).need_features

"""The network as a function of arrays."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras import ops

from tests.training.toys import toy_data, toy_stage
from training.learning.network_call import NetworkCall
from training.learning.step import begin, build_program
from training.recipe import Augmentation
from training.unet import PConvUNet


@pytest.fixture(scope="module")
def network():
    return PConvUNet(levels=2, width=2)


@pytest.fixture(scope="module")
def inputs():
    rng = np.random.default_rng(0)
    mask = np.ones((2, 8, 8, 1), np.float32)
    mask[:, 2:5, 3:7] = 0
    return rng.random((2, 8, 8, 3), np.float32), mask


def test_it_predicts_as_the_network_does_and_leaves_it_alone(network, inputs):
    call = NetworkCall(network)
    params, stats = call.arrays()
    before = [ops.convert_to_numpy(value) for value in network.variables]
    prediction, after = call([value * 1.5 for value in params], stats, *inputs, "batch")
    for value, kept in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(value), kept)
    assert any(not np.array_equal(one, other) for one, other in zip(stats, after, strict=True))

    call.assign([value * 1.5 for value in params], stats)
    wanted = network({"image": inputs[0], "mask": inputs[1]}, training=True)
    np.testing.assert_allclose(prediction, ops.convert_to_numpy(wanted), atol=1e-5)
    call.assign(params, stats)


def test_frozen_statistics_stay_all_or_the_encoders(network, inputs):
    call = NetworkCall(network)
    params, stats = call.arrays()
    names = [variable.path for variable in network.non_trainable_variables]
    for norm, frozen in [("frozen", ""), (None, ""), ("encoder_frozen", "encoder"), ("batch", "!")]:
        _, after = call(params, stats, *inputs, norm)
        for name, one, other in zip(names, stats, after, strict=True):
            assert np.array_equal(one, other) == name.startswith(frozen), (norm, name)


def test_a_frozen_encoder_norm_does_not_learn(network):
    call = NetworkCall(network)
    assert all(call.learns("batch"))
    still = [
        variable.path
        for variable, learns in zip(
            network.trainable_variables, call.learns("encoder_frozen"), strict=True
        )
        if not learns
    ]
    assert sorted(still) == ["encoder2_norm/beta", "encoder2_norm/gamma"]


def test_mixed_precision_trains_float32_weights():
    """Seen in shapes and dtypes alone: nothing is compiled."""
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    call, stage = NetworkCall(PConvUNet(levels=2, width=2)), toy_stage()
    keras.mixed_precision.set_dtype_policy("float32")
    run = build_program(stage, Augmentation(), call, jnp.bfloat16)
    steps = {name: np.zeros(1, np.float32) for name in ("rate", "ramp")}
    steps["number"] = np.zeros(1, np.int32)
    state = begin(stage, *call.arrays())
    arguments = state, jax.random.key(0), steps, toy_data()
    after, figures = jax.eval_shape(run, *arguments)
    assert {leaf.dtype for leaf in jax.tree.leaves((after, figures))} == {np.dtype("float32")}
    assert jax.tree.map(np.shape, after) == jax.tree.map(np.shape, state)
    assert "bf16" in str(jax.make_jaxpr(run)(*arguments))

"""The partial convolution against nested loops."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from tests.training.gradient import gradient
from tests.training.reference import partial_convolution
from training.partial_conv import PartialConv2D


def build(rng, filters, kernel_size, strides, groups, use_bias=True, **kwargs):
    """A layer with random weights."""
    layer = PartialConv2D(
        filters, kernel_size, strides, feature_groups=groups, use_bias=use_bias, **kwargs
    )
    layer.build([(None, None, None, sum(groups)), (None, None, None, len(groups))])
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def random_inputs(rng, height, width, groups, known=0.5):
    features = rng.normal(size=(2, height, width, sum(groups))).astype(np.float32)
    mask = (rng.random((2, height, width, len(groups))) < known).astype(np.float32)
    return features, mask


# JAX compiles every shape anew, which takes a second.
EXAMPLES = 10 if keras.backend.backend() == "jax" else 40


@settings(max_examples=EXAMPLES)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel_size=st.sampled_from([3, 5, 7]),
    strides=st.sampled_from([1, 2]),
    groups=st.sampled_from([(1,), (3,), (2, 1), (3, 2)]),
    known=st.sampled_from([0.05, 0.5, 0.95, 1.0]),
    use_bias=st.booleans(),
)
def test_equals_the_reference(seed, size, kernel_size, strides, groups, known, use_bias):
    rng = np.random.default_rng(seed)
    layer = build(rng, 3, kernel_size, strides, groups, use_bias)
    features, mask = random_inputs(rng, *size, groups, known)

    out, out_mask = (ops.convert_to_numpy(x) for x in layer([features, mask]))

    bias = ops.convert_to_numpy(layer.bias) if use_bias else None
    per_feature = np.repeat(mask, groups, axis=-1)
    for n in range(2):
        expected, expected_mask = partial_convolution(
            features[n].astype(np.float64),
            per_feature[n],
            ops.convert_to_numpy(layer.kernel),
            bias,
            strides,
        )
        np.testing.assert_allclose(out[n], expected, rtol=1e-3, atol=1e-3)
        np.testing.assert_array_equal(out_mask[n], expected_mask)


@pytest.mark.parametrize("garbage", [1e30, np.inf, np.nan])
def test_what_lies_under_the_hole_changes_no_bit(garbage):
    rng = np.random.default_rng(0)
    layer = build(rng, 4, 3, 1, (2, 1))
    features, mask = random_inputs(rng, 8, 8, (2, 1))
    poisoned = np.where(np.repeat(mask, (2, 1), axis=-1) > 0, features, np.float32(garbage))

    clean, _ = layer([features, mask])
    dirty, _ = layer([poisoned, mask])

    np.testing.assert_array_equal(ops.convert_to_numpy(clean), ops.convert_to_numpy(dirty))


def test_bias_is_absent_where_nothing_is_known():
    rng = np.random.default_rng(0)
    layer = build(rng, 4, 3, 1, (2,))
    out, mask = layer([np.ones((1, 4, 4, 2), np.float32), np.zeros((1, 4, 4, 1), np.float32)])
    assert not ops.convert_to_numpy(out).any()
    assert not ops.convert_to_numpy(mask).any()


def test_gradients_flow_from_known_pixels_and_none_from_holes():
    rng = np.random.default_rng(1)
    layer = build(rng, 4, 3, 2, (2,))
    features, mask = random_inputs(rng, 8, 8, (2,))

    slope = gradient(
        lambda x: ops.sum(ops.square(layer([x, mask])[0])), ops.convert_to_tensor(features)
    )

    known = np.broadcast_to(mask > 0, features.shape)
    assert not slope[~known].any()
    assert np.count_nonzero(slope[known]) > 0.95 * known.sum()


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mask_arithmetic_is_float32_under_mixed_precision(policy):
    rng = np.random.default_rng(2)
    exact = build(rng, 3, 7, 1, (3,))
    mixed = PartialConv2D(3, 7, dtype=policy)
    mixed.build([(None, None, None, 3), (None, None, None, 1)])
    mixed.set_weights(exact.get_weights())
    features = np.ones((1, 33, 33, 3), np.float32)
    mask = np.zeros((1, 33, 33, 1), np.float32)
    mask[0, 16, 16] = 1  # a ratio of 49, and of 49/48 elsewhere once inverted

    for seen in (mask, 1 - mask):
        wanted, wanted_mask = exact([features, seen])
        out, out_mask = mixed([features, seen])
        assert keras.backend.standardize_dtype(out.dtype) == mixed.compute_dtype
        assert keras.backend.standardize_dtype(out_mask.dtype) == "float32"
        np.testing.assert_array_equal(
            ops.convert_to_numpy(out_mask), ops.convert_to_numpy(wanted_mask)
        )
        wanted = ops.convert_to_numpy(wanted)
        error = ops.convert_to_numpy(ops.cast(out, "float32")) - wanted
        assert np.abs(error).max() < 0.02 * np.abs(wanted).max()


def test_survives_serialisation(tmp_path):
    rng = np.random.default_rng(3)
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 2))
    layer = PartialConv2D(4, 5, 2, feature_groups=(1, 2), use_bias=False)
    model = keras.Model([image, mask], layer([image, mask]))
    model.save(tmp_path / "layer.keras")

    loaded = keras.models.load_model(tmp_path / "layer.keras")

    inputs = random_inputs(rng, 6, 7, (1, 2))[0], random_inputs(rng, 6, 7, (1, 2))[1]
    for before, after in zip(model(list(inputs)), loaded(list(inputs)), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(before), ops.convert_to_numpy(after))
    assert loaded.layers[-1].get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("arguments", "shapes", "message"),
    [
        ({"kernel_size": 4}, None, "odd"),
        ({"kernel_size": 3, "feature_groups": (1, 1)}, [(1, 8, 8, 3), (1, 8, 8, 2)], "add up"),
        ({"kernel_size": 3}, [(1, 8, 8, 3), (1, 8, 8, 3)], "mask has 3 channels"),
        ({"kernel_size": 3}, [(1, 8, 8, None), (1, 8, 8, 1)], "must be known"),
    ],
)
def test_refuses_what_does_not_fit(arguments, shapes, message):
    with pytest.raises(ValueError, match=message):
        PartialConv2D(4, **arguments).build(shapes)

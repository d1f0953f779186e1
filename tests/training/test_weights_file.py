import json

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from training.checkpoints import load_network
from training.unet import PConvUNet
from training.weights_file import load_weights, read_header, read_training, save_weights


@pytest.fixture(scope="module")
def network():
    made = PConvUNet(levels=3, width=4, max_width=8)
    rng = np.random.default_rng(0)
    for variable in made.variables:
        # Every float32 has bits that float16 lacks.
        variable.assign(rng.uniform(0.1, 1, variable.shape).astype(np.float32))
    return made


@pytest.fixture
def path(network, tmp_path):
    path = tmp_path / "x.safetensors"
    save_weights(network, path, training={"steps": 7}, texts={"licence": "CC0"})
    return path


def values(network):
    return {v.path: keras.ops.convert_to_numpy(v) for v in network.variables}


def test_kernels_come_back_as_float16_and_vectors_to_the_bit(network, path):
    loaded = load_network(path)
    assert (loaded.levels, loaded.width, loaded.max_width) == (3, 4, 8)
    before, after = values(network), values(loaded)
    assert before.keys() == after.keys()
    for name, value in before.items():
        expected = value.astype(np.float16).astype(np.float32) if value.ndim == 4 else value
        assert np.array_equal(after[name], expected), name
    assert {v.dtype.name for v in load_file(path).values()} == {"float16", "float32"}


def test_rounded_weights_come_back_to_the_bit(network, path, tmp_path):
    again = tmp_path / "again.safetensors"
    save_weights(load_weights(path), again, training={"steps": 7}, texts={"licence": "CC0"})
    assert load_file(again).keys() == load_file(path).keys()
    for name, value in load_file(path).items():
        assert np.array_equal(load_file(again)[name], value), name


def test_record_and_texts_are_in_the_header(path):
    assert read_training(path) == {"steps": 7}
    assert read_header(path)["licence"] == "CC0"
    assert json.loads(read_header(path)["network"]) == {"levels": 3, "width": 4, "max_width": 8}


def test_mixed_precision_is_no_matter(tmp_path):
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        network = PConvUNet(levels=2, width=2)
        save_weights(network, tmp_path / "x.safetensors")
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert load_weights(tmp_path / "x.safetensors").count_params() == network.count_params()


@pytest.mark.parametrize("value", [1e6, np.nan])
def test_what_float16_cannot_hold_is_refused_and_leaves_no_file(tmp_path, value):
    network = PConvUNet(levels=2, width=2)
    network.get_layer("encoder1").kernel.assign(np.full((7, 7, 3, 2), value, np.float32))
    with pytest.raises(ValueError, match="encoder1/kernel do not fit into float16"):
        save_weights(network, tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


def broken(path, kind):
    header, tensors = read_header(path), load_file(path)
    if kind == "bytes":
        path.write_bytes(b"no tensors at all")
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif kind == "sizes":
        save_file(tensors, path, metadata={"network": "{}"})
    elif kind == "foreign":
        save_file(tensors, path)
    elif kind == "missing":
        del tensors["encoder1/bias"]
        save_file(tensors, path, metadata=header)
    elif kind == "shape":
        tensors["encoder1/bias"] = np.zeros(5, np.float32)
        save_file(tensors, path, metadata=header)
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("bytes", "not a safetensors file"),
        ("cut", "not a safetensors file"),
        ("sizes", "does not say which network"),
        ("foreign", "does not say which network"),
        ("missing", "differ in encoder1/bias"),
        ("shape", r"encoder1/bias of \(5,\), the network \(4,\)"),
    ],
)
def test_files_that_are_none_are_refused_in_words(path, kind, words):
    with pytest.raises(ValueError, match=words):
        load_weights(broken(path, kind))


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_record_that_is_none_is_refused_in_words(path, text):
    save_file(load_file(path), path, metadata={**read_header(path), "training": text})
    with pytest.raises(ValueError, match="is not"):
        read_training(path)

import logging

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, numpy_helper

from export.calibration import HoledPhotos
from export.cases import parity_cases
from export.metadata import read_properties
from export.nodes import count_nodes
from export.quantise import to_int8


@pytest.fixture(scope="module")
def int8(exported, photos):
    return to_int8(exported, HoledPhotos(photos, count=6, side=64))


def weights_of_quantised_convolutions(model):
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    scaled = {n.output[0]: n for n in model.graph.node if n.op_type == "DequantizeLinear"}
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[1] in scaled:
            yield numpy_helper.to_array(constants[scaled[node.input[1]].input[0]])


def test_inner_convolutions_have_signed_weights_and_unsigned_activations(int8):
    weights = list(weights_of_quantised_convolutions(int8))
    assert len(weights) == 6
    assert {w.dtype for w in weights} == {np.dtype(np.int8)}
    constants = {tensor.name: tensor for tensor in int8.graph.initializer}
    for node in int8.graph.node:
        if node.op_type == "QuantizeLinear":
            assert constants[node.input[2]].data_type == TensorProto.UINT8


def add_pairs_in_16_bit(activations, weights):
    """Dot product as by `pmaddubsw`: products of pairs add up in saturating 16 bit."""
    products = activations.astype(np.int32) * weights.astype(np.int32)
    pairs = products[..., 0::2] + products[..., 1::2]
    return np.clip(pairs, -(2**15), 2**15 - 1).sum(axis=-1)


def test_no_processor_saturates(int8):
    """Without VNNI, 8-bit weights would: shown by widening these to all 8 bit."""
    rng = np.random.default_rng(0)
    widened_differs = False
    for weights in weights_of_quantised_convolutions(int8):
        rows = weights.reshape(len(weights), -1)
        rows = rows[:, : rows.shape[1] // 2 * 2].astype(np.int32)
        extremes = np.where(rows > 0, 255, 0)
        noise = rng.integers(0, 256, rows.shape)
        for activations in (extremes, 255 - extremes, noise):
            exact = (activations * rows).sum(axis=-1)
            assert np.array_equal(add_pairs_in_16_bit(activations, rows), exact)
            wide = np.clip(rows * 2, -127, 127)
            exact = (activations * wide).sum(axis=-1)
            widened_differs |= not np.array_equal(add_pairs_in_16_bit(activations, wide), exact)
    assert widened_differs


def test_masks_are_not_quantised(exported, int8):
    """No operator of the mask's arithmetic reads or writes bytes between picture and prediction."""
    before, after = count_nodes(exported), count_nodes(int8)
    for operator in ("Div", "Max", "Min", "Mul", "Add", "Conv", "Resize", "Concat"):
        assert before[operator] == after[operator]
    scaled = {n.input[0] for n in int8.graph.node if n.op_type == "QuantizeLinear"}
    writers = {n.output[0]: n.op_type for n in int8.graph.node}
    assert {writers[name] for name in scaled} <= {"Conv", "Mul", "Concat"}


def test_shuffling_moves_bytes(int8):
    writers = {node.output[0]: node for node in int8.graph.node}
    shuffles = [node for node in int8.graph.node if node.op_type == "DepthToSpace"]
    from_bytes = [n for n in shuffles if writers[n.input[0]].op_type == "QuantizeLinear"]
    assert len(shuffles) == 3
    assert len(from_bytes) == 2  # the last stays float
    readers = [
        n
        for n in int8.graph.node
        for s in int8.graph.node
        if s.op_type == "Slice" and s.output[0] in n.input
    ]
    assert sorted(n.op_type for n in readers) == ["Add", "DequantizeLinear", "DequantizeLinear"]


def test_predictions_stay_close_and_ignore_holes(exported, int8):
    sessions = [
        onnxruntime.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"])
        for m in (exported, int8)
    ]
    for case in parity_cases(64):
        if case.name != "block":
            continue
        feed = {"image": case.image, "mask": case.mask}
        exact, rounded = (s.run(None, feed)[0].astype(float) for s in sessions)
        assert np.sqrt(np.mean((exact - rounded) ** 2)) < 8
        feed["image"] = np.where(case.mask == 0, case.image, 255 - case.image)
        assert np.array_equal(sessions[1].run(None, feed)[0], rounded)


def test_properties_are_kept_but_for_the_precision(exported, photos):
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    onnx.helper.set_model_props(model, {"name": "tiny", "precision": "float32"})
    quantised = to_int8(model, HoledPhotos(photos, count=2, side=64))
    assert read_properties(quantised) == {"name": "tiny", "precision": "int8"}


def test_calibration_takes_crops_and_all_kinds_of_holes(photos):
    reader = HoledPhotos(photos, count=4, side=128)
    assert len(reader.inputs) == 4
    for feed in iter(reader.get_next, None):
        assert feed["image"].shape == (1, 128, 128, 3)
        assert set(np.unique(feed["mask"])) == {0, 1}
        assert 0 < feed["mask"].mean() < 0.6
    assert reader.get_next() is None


def test_calibration_is_repeatable(photos):
    first, second = (HoledPhotos(photos, count=3, side=64, seed=5).inputs for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one["image"], other["image"])
        assert np.array_equal(one["mask"], other["mask"])


def test_folder_without_readable_photos_is_refused(tmp_path, caplog):
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    with caplog.at_level(logging.CRITICAL), pytest.raises(ValueError, match="can be read"):
        HoledPhotos(tmp_path, count=3, side=64)

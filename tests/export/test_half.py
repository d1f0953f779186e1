import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from export.cases import parity_cases
from export.half import to_half
from export.half_weights import store_weights_as_half
from export.metadata import read_properties


@pytest.fixture(scope="module", params=["exported", "deep_exported"])
def pair(request):
    model = request.getfixturevalue(request.param)
    return model, to_half(model)


def element_types(model):
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    return {value.name: value.type.tensor_type.elem_type for value in inferred.graph.value_info}


def test_features_are_float16_and_mask_arithmetic_is_not(pair):
    _, half = pair
    onnx.checker.check_model(half, full_check=True)
    types = element_types(half)
    by_operator = {}
    for node in half.graph.node:
        if node.output[0] in types:
            by_operator.setdefault(node.op_type, set()).add(types[node.output[0]])
    for operator in ("Relu", "LeakyRelu", "Slice", "DepthToSpace"):
        assert by_operator[operator] == {TensorProto.FLOAT16}
    for operator in ("Div", "Max", "Min", "Round"):
        assert by_operator[operator] == {TensorProto.FLOAT}


def test_predictions_stay_close(pair):
    model, half = pair
    sessions = [
        onnxruntime.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"])
        for m in (model, half)
    ]
    for case in parity_cases(64):
        if case.name == "one pixel known":
            continue  # beyond float16's range, and nothing to see in any precision
        feed = {"image": case.image, "mask": case.mask}
        exact, rounded = (s.run(None, feed)[0].astype(np.int16) for s in sessions)
        assert np.abs(exact - rounded).mean() < 1.0, case.name


def test_file_is_half_and_says_so(pair):
    model, half = pair
    assert half.ByteSize() < 0.65 * model.ByteSize()
    assert read_properties(half)["precision"] == "float16"


def test_files_with_float16_weights_give_the_same(exported):
    stored = onnx.ModelProto()
    stored.CopyFrom(exported)
    store_weights_as_half(stored)
    from_stored, from_exported = to_half(stored), to_half(exported)
    feed = {"image": np.full((1, 8, 8, 3), 99, np.uint8), "mask": np.eye(8, dtype=np.uint8)}
    feed["mask"] = feed["mask"].reshape(1, 8, 8, 1)
    results = [
        onnxruntime.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, feed
        )[0]
        for m in (from_stored, from_exported)
    ]
    assert np.array_equal(*results)

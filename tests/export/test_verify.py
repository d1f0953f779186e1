import numpy as np
import onnx
import pytest

from export import verify
from export.half_weights import store_weights_as_half


def copy_of(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def failed(results, tolerance=verify.SAME_WEIGHTS):
    return [result.case for result in results if not result.holds(tolerance)]


@pytest.mark.parametrize("name", ["network", "deep_network"])
def test_file_and_network_agree(request, name):
    exported = request.getfixturevalue(name.replace("network", "exported"))
    results = verify.compare(exported, request.getfixturevalue(name))
    assert {result.case for result in results} >= {"all known", "nothing known", "one pixel known"}
    assert failed(results) == [], verify.as_table(results, verify.SAME_WEIGHTS)


def test_predictions_of_the_cases_are_mostly_inside_the_range(network):
    """Else clipping would hide differences from the comparison."""
    for case in verify.parity_cases(network.stride):
        if case.name in ("all known", "block", "random bytes"):
            prediction = verify.keras_prediction(network, case)
            assert np.mean((prediction > 0) & (prediction < 255)) > 0.8, case.name


def test_float16_weights_change_little_but_something(exported, network):
    model = copy_of(exported)
    store_weights_as_half(model)
    results = verify.compare(model, network)
    assert failed(results, verify.ROUNDED_WEIGHTS) == []
    assert failed(results, verify.Tolerance(1e-6, 1)) != []


def tampered(exported, change):
    """The exported model with its last shift (3, 1, 1) changed."""
    model = copy_of(exported)
    (shift,) = (t for t in model.graph.initializer if list(t.dims) == [3, 1, 1])
    values = change(onnx.numpy_helper.to_array(shift).copy())
    shift.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), shift.name))
    return model


def test_a_third_of_a_level_is_noticed(exported, network):
    results = verify.compare(tampered(exported, lambda shift: shift + 0.3), network)
    assert set(failed(results)) >= {"all known", "block", "random bytes"}
    assert "FAILED" in verify.as_table(results, verify.SAME_WEIGHTS)


def test_tolerance_grows_only_where_predictions_leave_the_range(exported, network):
    reaches = {result.case: result.reach for result in verify.compare(exported, network)}
    assert reaches["nothing known"] == 1
    assert max(reaches["all known"], reaches["block"], reaches["random bytes"]) < 3


def test_nan_is_noticed(exported, network):
    results = verify.compare(tampered(exported, lambda shift: shift * np.nan), network)
    assert len(failed(results)) == len(results)


def test_leaking_holes_are_noticed(exported, network):
    model = copy_of(exported)
    gate = next(node for node in model.graph.node if node.op_type == "Mul")
    gate.op_type = "Add"
    results = verify.compare(model, network)
    assert {result.case for result in results if not result.hole_ignored} >= {"block"}
    assert "LEAKS" in verify.as_table(results, verify.SAME_WEIGHTS)

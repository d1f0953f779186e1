import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from export.resize import merge_doublings


def model_of(nodes, outputs=("y",)):
    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", "C", "2H", "2W"]) for n in outputs
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "C", "H", "W"])
    graph = helper.make_graph(nodes, "doubling", [x], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(model, x):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})[0]


def test_four_copies_become_one_resize_with_the_same_result():
    model = model_of(
        [
            helper.make_node("Concat", ["x"] * 4, ["copies"], axis=1),
            helper.make_node("DepthToSpace", ["copies"], ["y"], blocksize=2),
        ]
    )
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    before = run(model, x)
    merge_doublings(model)
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Resize"]
    assert np.array_equal(run(model, x), before)
    assert np.array_equal(before, x.repeat(2, axis=2).repeat(2, axis=3))


def test_other_depth_to_space_stays():
    model = model_of(
        [
            helper.make_node("Neg", ["x"], ["negative"]),
            helper.make_node("Concat", ["x", "negative", "x", "x"], ["parts"], axis=1),
            helper.make_node("DepthToSpace", ["parts"], ["y"], blocksize=2),
        ]
    )
    merge_doublings(model)
    assert [node.op_type for node in model.graph.node] == ["Neg", "Concat", "DepthToSpace"]

import pytest
from onnx import numpy_helper

from export.feature_path import feature_nodes, inner_convolutions


def kernel_shapes(model, nodes):
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    return [tuple(constants[node.input[1]].dims) for node in nodes if node.op_type == "Conv"]


def test_inner_convolutions_are_those_between_first_and_last_layer(exported):
    nodes = inner_convolutions(exported.graph)
    # (outputs, inputs, k, k); up-sampled features have 2x2 kernels with four times the outputs.
    assert sorted(kernel_shapes(exported, nodes)) == sorted(
        [
            (16, 8, 5, 5),
            (32, 16, 5, 5),
            (64, 32, 2, 2),
            (16, 16, 3, 3),
            (32, 16, 2, 2),
            (8, 8, 3, 3),
        ]
    )


@pytest.mark.parametrize("name", ["exported", "deep_exported"])
def test_mask_arithmetic_carries_no_features(request, name):
    model = request.getfixturevalue(name)
    features = feature_nodes(model.graph)
    names = {node.name for node in features}
    rest = [node for node in model.graph.node if node.name not in names]
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    counters = [node for node in rest if node.op_type == "Conv"]
    for node in counters:
        assert (numpy_helper.to_array(constants[node.input[1]]) >= 1).all()
    assert {"Div", "Max", "Min", "Not", "Clip", "Round"} <= {node.op_type for node in rest}
    assert {"Relu", "LeakyRelu"}.isdisjoint(node.op_type for node in rest)
    assert {"Div", "Max", "Min", "Cast"}.isdisjoint(node.op_type for node in features)

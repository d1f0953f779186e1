"""A float16 variant for GPUs, whose mask arithmetic stays float32."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper, numpy_helper

from export.feature_path import feature_nodes
from export.half_weights import as_float16, expand_half_weights
from export.metadata import write_properties

# Resize is not among them: its scales are float32 whatever its data.
_TYPED_ALIKE = {"Add", "Concat", "Conv", "Mul"}


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute features in float16.

    The picture's bytes are exact in float16. Coverage, ratio and new mask are computed in float32
    and rounded where they meet features; clipping and rounding of the prediction are float32.

    Args:
        model: A float32 file of this package, left as it is.

    Raises:
        ValueError: a weight is too large for float16.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    expand_half_weights(half)
    del half.graph.value_info[:]
    _halve_features(half.graph)
    write_properties(half, {"precision": "float16"})
    return half


def _halve_features(graph: onnx.GraphProto) -> None:
    inner = feature_nodes(graph)
    features = {output for node in inner for output in node.output}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    halves: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []

    def half_of(name: str) -> str:
        """A float16 copy of a constant, or a cast of a computed tensor; one for each."""
        if name not in halves:
            halves[name] = f"{name}.half"
            if name in constants:
                values = as_float16(numpy_helper.to_array(constants[name]), name)
                graph.initializer.append(numpy_helper.from_array(values, halves[name]))
            else:
                nodes.append(_cast(name, halves[name], TensorProto.FLOAT16))
        return halves[name]

    is_inner = {node.name for node in inner}
    for node in graph.node:
        if node.name in is_inner and node.op_type in _TYPED_ALIKE:
            for index, name in enumerate(node.input):
                if name not in features:
                    node.input[index] = half_of(name)
        if node.op_type == "Clip" and node.input[0] in features:
            nodes.append(_cast(node.input[0], "prediction.float", TensorProto.FLOAT))
            node.input[0] = "prediction.float"
        nodes.append(node)
    _replace_nodes(graph, nodes)
    _drop_unused_constants(graph)


def _cast(source: str, target: str, to: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=target, to=to)


def _replace_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _drop_unused_constants(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)

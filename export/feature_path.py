"""Which nodes of an exported graph carry features, as opposed to masks."""

from __future__ import annotations

from collections.abc import Iterable

import onnx


def feature_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes between the picture without its holes and the final clipping, in order.

    Masks never depend on the picture, so whatever follows from it carries features. Features enter
    by the first `Mul`, which hides the holes, as finite float32, and leave into `Clip`.
    """
    reached = {"image"}
    nodes = []
    inside = False
    for node in graph.node:
        if reached.isdisjoint(node.input):
            continue
        reached.update(node.output)
        if node.op_type == "Clip":
            break
        if inside:
            nodes.append(node)
        inside = inside or node.op_type == "Mul"
    return nodes


def inner_convolutions(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The convolutions of features except those of the first and of the last layer."""
    nodes = feature_nodes(graph)
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    behind_convolution = _reached_from(nodes, convolutions)
    before_convolution = _leading_to(nodes, convolutions)
    return [
        node
        for node in convolutions
        if node.input[0] in behind_convolution and node.output[0] in before_convolution
    ]


def _reached_from(nodes: Iterable[onnx.NodeProto], sources: Iterable[onnx.NodeProto]) -> set[str]:
    """Tensors that depend on an output of `sources`."""
    reached = {output for node in sources for output in node.output}
    for node in nodes:
        if not reached.isdisjoint(node.input):
            reached.update(node.output)
    return reached


def _leading_to(nodes: Iterable[onnx.NodeProto], targets: Iterable[onnx.NodeProto]) -> set[str]:
    """Tensors that `targets` depend on."""
    needed = {node.input[0] for node in targets}
    for node in reversed(list(nodes)):
        if not needed.isdisjoint(node.output):
            needed.update(node.input)
    return needed

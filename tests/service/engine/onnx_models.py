"""Tiny ONNX files that keep the contract of `service.engine.contract`, made without training."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

METADATA = {
    "name": "tiny",
    "version": "7",
    "stride": "8",
    "source_commit": "0123abc",
    "training": '{"steps": 12}',
    "licence": "none",
}


def write_inverting_model(
    path: Path, metadata: dict[str, str] | None = None, output: str = "prediction"
) -> Path:
    """A model whose prediction is 255 - pixel where known and 9 in the hole."""
    nodes = [helper.make_node("Sub", ["white", "wide"], ["known"])]
    white = helper.make_tensor("white", TensorProto.INT32, [1], [255])
    return _write(path, nodes, [white], 9, metadata, output)


def write_painting_model(path: Path, colour: int) -> Path:
    """A model that sees known pixels as they are and predicts one grey in the hole."""
    return _write(path, [helper.make_node("Identity", ["wide"], ["known"])], [], colour)


def _write(
    path: Path,
    nodes: list[onnx.NodeProto],
    values: list[onnx.TensorProto],
    colour: int,
    metadata: dict[str, str] | None = None,
    output: str = "prediction",
) -> Path:
    """A model of nodes from `wide`, the picture in int32, to `known`, what is predicted of it."""
    nodes = [
        helper.make_node("Cast", ["image"], ["wide"], to=TensorProto.INT32),
        *nodes,
        helper.make_node("Cast", ["mask"], ["hole"], to=TensorProto.BOOL),
        helper.make_node("Where", ["hole", "colour", "known"], ["chosen"]),
        helper.make_node("Cast", ["chosen"], [output], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [_tensor("image", 3), _tensor("mask", 1)],
        [_tensor(output, 3)],
        [*values, helper.make_tensor("colour", TensorProto.INT32, [1], [colour])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, METADATA if metadata is None else metadata)
    onnx.save(model, path)
    return path


def _tensor(name: str, channels: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.UINT8, ["N", "H", "W", channels])

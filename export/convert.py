"""The folded network as an ONNX model."""

from __future__ import annotations

import onnx
import tf2onnx

from export.fold import FoldedUNet
from export.graph import inference_function
from export.resize import merge_doublings

OPSET = 18


def to_onnx(unet: FoldedUNet) -> onnx.ModelProto:
    """Build the inference graph and convert it, with dynamic batch, height and width."""
    infer = inference_function(unet)
    model, _ = tf2onnx.convert.from_function(
        infer, input_signature=infer.input_signature, opset=OPSET
    )
    merge_doublings(model)
    # Some of the converter's own shapes are wrong; runtimes infer them better.
    del model.graph.value_info[:]
    _name_dimensions(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _name_dimensions(graph: onnx.GraphProto) -> None:
    for value in (*graph.input, *graph.output):
        dimensions = value.type.tensor_type.shape.dim
        for dimension, name in zip(dimensions, "NHW", strict=False):
            dimension.dim_param = name

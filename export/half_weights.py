"""Weights stored as float16 to halve the file, computed with as float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_SMALLEST = 1024
"""Tensors with fewer elements stay as they are: the arithmetic's constants, and little to gain."""


def store_weights_as_half(model: onnx.ModelProto) -> None:
    """Round large float32 weights to float16 and expand them by a `Cast`, in place.

    ONNX Runtime folds these casts when it loads the file, so speed is that of the float32 file.

    Raises:
        ValueError: a weight is too large for float16.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALLEST:
            continue
        name, stored = tensor.name, f"{tensor.name}.half"
        values = as_float16(numpy_helper.to_array(tensor), name)
        tensor.CopyFrom(numpy_helper.from_array(values, stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=name, to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def as_float16(values: NDArray[Any], name: str) -> NDArray[np.float16]:
    """Round to float16.

    Raises:
        ValueError: a value is too large.
    """
    if np.abs(values).max(initial=0) > np.finfo(np.float16).max:
        raise ValueError(f"The weights {name} are too large for float16.")
    return values.astype(np.float16)


def expand_half_weights(model: onnx.ModelProto) -> None:
    """Undo `store_weights_as_half` up to the rounding, in place, for passes that read weights."""
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    casts = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in stored]
    for cast in casts:
        tensor = stored[cast.input[0]]
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, cast.output[0]))
        graph.node.remove(cast)

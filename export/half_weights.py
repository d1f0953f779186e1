"""Weights stored as float16 to halve the file, computed with as float32."""

from __future__ import annotations

import numpy as np
import onnx
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
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            raise ValueError(f"The weights {name} are too large for float16.")
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=name, to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)

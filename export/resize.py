"""One `Resize` node for each nearest up-sampling by two."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

_SCALES = "double_sides"


def merge_doublings(model: onnx.ModelProto) -> None:
    """Replace `DepthToSpace(Concat(x, x, x, x))` by `Resize(x)`, in place.

    The two are equal: four copies of each pixel laid out as a 2x2 block. One node writes the result
    once.
    """
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    merged = []
    for node in graph.node:
        concat = producers.get(node.input[0]) if node.op_type == "DepthToSpace" else None
        if concat is None or not _is_four_copies(concat):
            continue
        node.CopyFrom(
            helper.make_node(
                "Resize",
                [concat.input[0], "", _SCALES],
                node.output,
                name=node.name,
                mode="nearest",
                nearest_mode="floor",
                coordinate_transformation_mode="asymmetric",
            )
        )
        merged.append(concat)
    if merged:
        scales = np.array([1, 1, 2, 2], np.float32)
        graph.initializer.append(numpy_helper.from_array(scales, _SCALES))
    for concat in merged:
        graph.node.remove(concat)


def _is_four_copies(node: onnx.NodeProto) -> bool:
    return node.op_type == "Concat" and len(node.input) == 4 and len(set(node.input)) == 1

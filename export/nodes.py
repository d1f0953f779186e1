"""How many nodes a graph has, by kind."""

from __future__ import annotations

from collections import Counter

import onnx


def count_nodes(model: onnx.ModelProto) -> Counter[str]:
    """Nodes of the main graph by operator."""
    return Counter(node.op_type for node in model.graph.node)


def as_line(counts: Counter[str]) -> str:
    """The counts as one line, the most frequent first."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    return f"{counts.total()} nodes: {kinds}"

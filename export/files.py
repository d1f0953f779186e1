"""Writing a model so that a file at the target is always a whole one."""

from __future__ import annotations

from pathlib import Path

import onnx


def write_model(model: onnx.ModelProto, target: Path) -> None:
    """Write a model in one step, making missing folders."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(model.SerializeToString())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

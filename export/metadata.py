"""What an exported file says of itself, in ONNX's `metadata_props`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import onnx


def read_training_record(model: Path) -> dict[str, object]:
    """Read the training record beside a `.keras` file: the same name ending in `.json`.

    Returns:
        The record; empty where there is no such file.

    Raises:
        ValueError: the file is not a JSON object.
    """
    path = model.with_suffix(".json")
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"The training record {path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"The training record {path} is not a JSON object.")
    return record


def source_commit() -> str:
    """The commit of `export` and `training`, with "+changes" if they were edited since.

    Returns:
        40 hexadecimal digits, or "unknown" outside a git checkout.
    """
    this = Path(__file__).resolve()
    try:
        # An installed copy may lie inside a checkout of something else.
        _git(this.parent, "ls-files", "--error-unmatch", "--", this.name)
        commit = _git(this.parent, "rev-parse", "HEAD")
        changed = _git(this.parent, "status", "--porcelain", "--", ".", "../training")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def describe(
    *, name: str, version: str, stride: int, training: Mapping[str, object], licence: str
) -> dict[str, str]:
    """The properties of the ONNX contract: texts, the training record as JSON."""
    return {
        "name": name,
        "version": version,
        "stride": str(stride),
        "precision": "float32",
        "source_commit": source_commit(),
        "training": json.dumps(training, ensure_ascii=False, separators=(",", ":")),
        "licence": licence,
    }


def write_properties(model: onnx.ModelProto, properties: Mapping[str, str]) -> None:
    """Set properties of a model, in place; others that it has stay."""
    kept = read_properties(model) | dict(properties)
    onnx.helper.set_model_props(model, kept)


def read_properties(model: onnx.ModelProto) -> dict[str, str]:
    """The properties of a model."""
    return {entry.key: entry.value for entry in model.metadata_props}

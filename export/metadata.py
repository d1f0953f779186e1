"""What an exported file says of itself, in ONNX's `metadata_props`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import onnx

TRAITS = {
    "reach": "depth in pixels up to which a hole comes out well without a coarser fill before it",
    "lattice": "pixels from one known lattice point to the next that it was trained on; 0: none",
    "thinnest_hole": "width in pixels of the thinnest holes that it was trained on",
    "predicts_known": "1 if it predicts known pixels too, so that its error on them shows; else 0",
    "pixel_bytes": "memory in bytes that a run takes for each pixel of its windows",
}
"""What a network can and cannot do, as whole numbers: the service plans by them."""

OUR_TRAITS = {"lattice": 4, "predicts_known": 1}
"""Of every network that this project's training makes."""


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
    *,
    name: str,
    version: str,
    stride: int,
    training: Mapping[str, object],
    licence: str,
    traits: Mapping[str, int] | None = None,
) -> dict[str, str]:
    """The properties of the ONNX contract: texts, the training record as JSON.

    Raises:
        ValueError: a trait is none of `TRAITS` or negative.
    """
    return {
        "name": name,
        "version": version,
        "stride": str(stride),
        "precision": "float32",
        "source_commit": source_commit(),
        "training": json.dumps(training, ensure_ascii=False, separators=(",", ":")),
        "licence": licence,
        **{key: str(value) for key, value in checked_traits({**OUR_TRAITS, **(traits or {})})},
    }


def checked_traits(traits: Mapping[str, int]) -> list[tuple[str, int]]:
    """The traits, if all are known and none is negative.

    Raises:
        ValueError: says which is not.
    """
    for name, value in traits.items():
        if name not in TRAITS:
            raise ValueError(f"{name!r} is no trait of a network; there are {', '.join(TRAITS)}.")
        if value < 0:
            raise ValueError(f"The trait {name} is {value}, but none is negative.")
    return list(traits.items())


def write_properties(model: onnx.ModelProto, properties: Mapping[str, str]) -> None:
    """Set properties of a model, in place; others that it has stay."""
    kept = read_properties(model) | dict(properties)
    onnx.helper.set_model_props(model, kept)


def read_properties(model: onnx.ModelProto) -> dict[str, str]:
    """The properties of a model."""
    return {entry.key: entry.value for entry in model.metadata_props}

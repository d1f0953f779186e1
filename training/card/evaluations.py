"""The files that `evaluate --json` wrote, joined into one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.evaluation.run import MODEL

Evaluated = dict[str, Any]
"""The content of such a file: `protocol`, `model`, `groups` and `worst`."""


def read_evaluations(paths: Sequence[Path]) -> Evaluated:
    """Join files about the same cases: one is about a model, others may add peers.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is no evaluation, the cases differ, or not exactly one has a model.
    """
    files = [_read(path) for path in paths]
    of_model = [content for content in files if content["model"] is not None]
    if len(of_model) != 1:
        raise ValueError(f"One evaluation must be of a model, {len(of_model)} are.")
    chosen = of_model[0]
    for path, content in zip(paths, files, strict=True):
        if content["protocol"] != chosen["protocol"]:
            raise ValueError(f"{path} is about other cases than the model's evaluation.")
    groups: dict[str, dict[str, dict[str, float]]] = {group: {} for group in chosen["groups"]}
    for content in files:
        for group, methods in content["groups"].items():
            groups[group] |= methods
    return {**chosen, "groups": {group: _model_last(methods) for group, methods in groups.items()}}


def _read(path: Path) -> Evaluated:
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or not {"protocol", "model", "groups"} <= content.keys():
        raise ValueError(f"{path} was not written by evaluate --json.")
    return content


def _model_last(methods: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return dict(sorted(methods.items(), key=lambda item: item[0] == MODEL))

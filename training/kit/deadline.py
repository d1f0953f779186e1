"""Stages that share what time is left until a borrowed machine goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NAME = "deadline"
"""A file with the Unix time at which training must end; it overrides what the command line said,
and may be written or changed until the last stage begins."""


def read_deadline(folder: Path, otherwise: float | None) -> float | None:
    """The Unix time at which training must end; None: never.

    Raises:
        ValueError: the file holds no number.
    """
    path = folder / NAME
    return float(path.read_text()) if path.is_file() else otherwise


def fit_into(stages: Sequence[Any], index: int, seconds: float | None) -> Any:
    """The stage, with its part of the seconds that are left to it and the stages after it.

    Minutes of the recipe are shares then.

    Raises:
        ValueError: a stage is by steps.
    """
    if seconds is None:
        return stages[index]
    left = stages[index:]
    if any(stage.minutes is None for stage in left):
        raise ValueError("Until a deadline only stages by minutes can be run, not by steps.")
    share = stages[index].minutes / sum(stage.minutes for stage in left)
    return SimpleNamespace(
        **{**vars(stages[index]), "minutes": max(seconds * share, 1e-3) / 60, "steps": None}
    )

"""Everything a run needs to go on after it was stopped, in one file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np


@dataclass(frozen=True)
class Position:
    """How far a run has come.

    Attributes:
        stage: index of the stage in the recipe.
        step: steps done in that stage.
        seconds: of training done in that stage.
        before: steps done in the stages before it.
        over: whether the stage is over.
    """

    stage: int = 0
    step: int = 0
    seconds: float = 0.0
    before: int = 0
    over: bool = False


def save_state(path: Path, state: Any, position: Position) -> None:
    """Write state and position; a kill at any moment leaves the old file."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, **_named(jax.device_get(state)), **_position_arrays(position))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_position(path: Path) -> Position:
    """Read how far the run of a state file had come."""
    with np.load(path) as file:
        values = {name: file[f"position/{name}"].item() for name in Position.__dataclass_fields__}
    return Position(**values)


def load_state(path: Path, like: Any) -> Any:
    """Read the state, which has the structure and the shapes of `like`.

    Raises:
        ValueError: the file belongs to another network or stage.
    """
    wanted = _named(like)
    with np.load(path) as file:
        found = {name: file[name] for name in file.files if not name.startswith("position/")}
    odd = sorted(wanted.keys() ^ found.keys())
    odd += [
        name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape
    ]
    if odd:
        raise ValueError(f"{path} belongs to another network or stage: it differs in {odd[0]}.")
    leaves = [jax.numpy.asarray(found[name]) for name in wanted]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def _named(state: Any) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {
        "/".join(str(getattr(key, "key", getattr(key, "idx", key))) for key in path): leaf
        for path, leaf in leaves
    }


def _position_arrays(position: Position) -> dict[str, Any]:
    return {f"position/{name}": np.asarray(value) for name, value in vars(position).items()}

"""Everything a run needs to go on after it was stopped, in one file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True)
class Position:
    """How far a run has come.

    Attributes:
        stage: index of the stage in the recipe.
        step: steps done in that stage.
    """

    stage: int
    step: int


def save_state(path: Path, network: keras.Model, optimizer: Any, position: Position) -> None:
    """Write weights, optimizer state and position; a kill at any moment leaves the old file."""
    arrays: dict[str, Any] = {
        f"{part}/{index}": ops.convert_to_numpy(variable)
        for part, variables in (("network", network.variables), ("optimizer", optimizer.variables))
        for index, variable in enumerate(variables)
    }
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, stage=position.stage, step=position.step, **arrays)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_position(path: Path) -> Position:
    """Read how far the run of a state file had come."""
    with np.load(path) as state:
        return Position(int(state["stage"]), int(state["step"]))


def restore_network(path: Path, network: keras.Model) -> None:
    """Assign the saved weights.

    Raises:
        ValueError: the file belongs to another network.
    """
    _restore(path, "network", network.variables)


def restore_optimizer(path: Path, optimizer: Any) -> None:
    """Assign the saved state to an optimizer that was built for the same stage.

    Raises:
        ValueError: the file belongs to another optimizer or stage.
    """
    _restore(path, "optimizer", optimizer.variables)


def _restore(path: Path, part: str, variables: list[Any]) -> None:
    with np.load(path) as state:
        names = [name for name in state.files if name.startswith(f"{part}/")]
        if len(names) != len(variables):
            raise ValueError(
                f"{path} holds {len(names)} variables of the {part}, expected {len(variables)}."
            )
        for index, variable in enumerate(variables):
            variable.assign(state[f"{part}/{index}"])

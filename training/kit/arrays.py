"""A network's variables as one `.npz`, by Keras's names: kernels float16, vectors float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

KERNEL_RANK = 4


def save_network(path: Path, network: Any) -> None:
    """Write a network's variables; the file at `path` is always a whole one."""
    arrays = {
        variable.path: np.asarray(variable.value, np.float32) for variable in network.variables
    }
    stored = {
        name: value.astype(np.float16) if value.ndim == KERNEL_RANK else value
        for name, value in arrays.items()
    }
    partial = path.with_name(f".{path.name}.partial.npz")
    np.savez(partial, **stored)  # type: ignore[arg-type]
    partial.replace(path)


def load_network(path: Path, network: Any) -> None:
    """Fill a network from such a file.

    Raises:
        ValueError: the file is of another network.
    """
    variables = {variable.path: variable for variable in network.variables}
    with np.load(path) as file:
        if odd := sorted(variables.keys() ^ set(file.files)):
            raise ValueError(f"{path} is of another network: it differs in {odd[0]}.")
        for name, variable in variables.items():
            value = file[name].astype(np.float32)
            if value.shape != tuple(variable.shape):
                raise ValueError(
                    f"{path} is of another network: {name} is {value.shape}, not "
                    f"{tuple(variable.shape)}."
                )
            variable.assign(value)

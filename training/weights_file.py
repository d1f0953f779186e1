"""A network's weights as one safetensors file: half of the size of a `.keras` file.

Kernels are float16. Vectors (biases, batch norm's scales, shifts and statistics) are float32: they
are one part in a thousand of the file, and rounding variances changes every feature behind them.
Tensors have Keras's names (`encoder2/kernel`); the header's texts say how large the network is and,
as JSON under `training`, what made it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from training.unet import PConvUNet

SUFFIX = ".safetensors"

_SIZES = ("levels", "width", "max_width")
_KERNEL_RANK = 4


def save_weights(
    network: PConvUNet,
    path: Path,
    *,
    training: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Write a network's weights; the file at `path` is always a whole one.

    Args:
        network: The network, of any precision policy.
        path: The file to write.
        training: The training record, JSON's types only.
        texts: Further texts for the header, such as `licence`.

    Raises:
        ValueError: a kernel's weight is too large for float16 or not a number.
    """
    sizes = {name: getattr(network, name) for name in _SIZES}
    header = {
        **(texts or {}),
        "network": json.dumps(sizes),
        "training": json.dumps(training or {}, ensure_ascii=False),
    }
    tensors = {name: _stored(name, values) for name, values in _arrays(network).items()}
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(save(tensors, metadata=header))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_weights(path: Path) -> PConvUNet:
    """Build the network that a file says it is of, with the file's weights.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a file of ours, or tensors are missing, left over or of other shapes.
    """
    header, tensors = _read(path)
    try:
        sizes = {name: int(json.loads(header["network"])[name]) for name in _SIZES}
        network = PConvUNet(**sizes)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say which network it is of: {error!r}") from error
    variables = {variable.path: variable for variable in network.variables}
    if odd := sorted(variables.keys() ^ tensors.keys()):
        raise ValueError(f"{path} and a network of {sizes} differ in {', '.join(odd[:5])}")
    for name, variable in variables.items():
        if tuple(variable.shape) != tensors[name].shape:
            raise ValueError(
                f"{path} has {name} of {tensors[name].shape}, the network {tuple(variable.shape)}"
            )
        variable.assign(tensors[name].astype(np.float32))
    return network


def read_training(path: Path) -> dict[str, Any]:
    """Read the training record of a file, {} where it has none.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a safetensors file, or the record is not a JSON object.
    """
    try:
        record = json.loads(read_header(path).get("training", "{}"))
    except json.JSONDecodeError as error:
        raise ValueError(f"The training record in {path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"The training record in {path} is not a JSON object.")
    return record


def read_header(path: Path) -> dict[str, str]:
    """Read the texts of a file's header.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a safetensors file.
    """
    return _open(path, lambda file: dict(file.metadata() or {}))


def _read(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    def read(file: Any) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
        return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    return _open(path, read)


def _open(path: Path, read: Any) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"No model at {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return read(file)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error


def _arrays(network: PConvUNet) -> dict[str, NDArray[np.float32]]:
    return {
        variable.path: np.asarray(keras.ops.convert_to_numpy(variable), np.float32)
        for variable in network.variables
    }


def _stored(name: str, values: NDArray[np.float32]) -> NDArray[Any]:
    if values.ndim < _KERNEL_RANK:
        return values
    # NaN compares as false, so that it is refused as well.
    if not np.abs(values).max(initial=0) <= np.finfo(np.float16).max:
        raise ValueError(f"The weights {name} do not fit into float16.")
    return values.astype(np.float16)

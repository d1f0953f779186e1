"""Loading a trained network from disk, and what is known of how it was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras

from training import weights_file
from training.unet import PConvUNet


def load_network(path: str | Path) -> PConvUNet:
    """Load a network from a `.keras` or a `.safetensors` file, ready for inference.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a saved `PConvUNet`.
    """
    path = Path(path)
    if path.suffix == weights_file.SUFFIX:
        return weights_file.load_weights(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model at {path}.")
    network = keras.models.load_model(path, compile=False)
    if not isinstance(network, PConvUNet):
        raise ValueError(f"{path} holds a {type(network).__name__}, not a PConvUNet.")
    return network


def read_training_record(model: Path) -> dict[str, Any]:
    """Read what made a network: from a `.safetensors` file itself, else from the file beside it.

    Returns:
        The record; empty where there is none. Beside `x.keras` it is `x.json`.

    Raises:
        ValueError: the record is not a JSON object.
    """
    if model.suffix == weights_file.SUFFIX:
        return weights_file.read_training(model)
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

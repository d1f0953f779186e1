"""Loading a trained network from disk."""

from __future__ import annotations

from pathlib import Path

import keras

from training.unet import PConvUNet


def load_network(path: str | Path) -> PConvUNet:
    """Load a network saved as a `.keras` file, ready for inference.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a saved `PConvUNet`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model at {path}.")
    network = keras.models.load_model(path, compile=False)
    if not isinstance(network, PConvUNet):
        raise ValueError(f"{path} holds a {type(network).__name__}, not a PConvUNet.")
    return network

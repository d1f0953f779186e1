"""Models under test, from an ONNX file or from one of a network's weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.uint8]]
"""Pictures (N, H, W, 3) RGB and masks (N, H, W), 1 where known, to predictions (N, H, W, 3)."""


def load_model(path: Path) -> Predict:
    """Load a model, ONNX by its suffix `.onnx`, else as `load_network` does.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a model of ours.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No model at {path}.")
    return _load_onnx(path) if path.suffix == ".onnx" else _load_keras(path)


def _load_keras(path: Path) -> Predict:
    from training.checkpoints import load_network
    from training.pixel_values import to_uint8

    network = load_network(path)

    def predict(images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        inputs = {
            "image": images.astype(np.float32) / 255,
            "mask": masks[..., None].astype(np.float32),
        }
        return to_uint8(network.predict_on_batch(inputs))

    return predict


def _load_onnx(path: Path) -> Predict:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = {item.name for item in session.get_inputs()}
    if names != {"image", "mask"}:
        raise ValueError(f"{path} takes {sorted(names)}, not 'image' and 'mask'")

    def predict(images: NDArray[np.uint8], masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # The file's mask is 0 where known; ours is 1 there.
        holes = np.where(masks[..., None], 0, 255).astype(np.uint8)
        (prediction,) = session.run(["prediction"], {"image": images, "mask": holes})
        return np.asarray(prediction, np.uint8)

    return predict

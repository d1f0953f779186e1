"""Tiny networks, exported once for all tests of the package."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from export.backend import require_tensorflow

require_tensorflow()

from export.convert import to_onnx  # noqa: E402 (after the choice of backend)
from export.fold import fold_network  # noqa: E402
from training.unet import PConvUNet  # noqa: E402


def random_network(levels: int, width: int, seed: int = 0) -> PConvUNet:
    """A network as if trained: no weight at its initial value, predictions around mid-grey."""
    network = PConvUNet(levels=levels, width=width)
    rng = np.random.default_rng(seed)
    draws = {
        "gamma": lambda shape: rng.uniform(0.5, 1.5, shape),
        "beta": lambda shape: rng.normal(0, 0.2, shape),
        "bias": lambda shape: rng.normal(0, 0.1, shape),
        "moving_mean": lambda shape: rng.normal(0, 0.2, shape),
        "moving_variance": lambda shape: rng.uniform(0.5, 2, shape),
        "kernel": lambda shape: rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape),
    }
    for weight in network.weights:
        weight.assign(draws[weight.name](weight.shape))
    last = network.get_layer("decoder1")
    last.kernel.assign(last.kernel * 0.1)
    last.bias.assign(last.bias + 0.5)
    return network


@pytest.fixture(scope="session")
def network() -> PConvUNet:
    """Levels 3, width 8: stride 8."""
    return random_network(3, 8)


@pytest.fixture(scope="session")
def deep_network() -> PConvUNet:
    """More levels than `MERGED_LEVELS`, so that both ways of up-sampling occur."""
    return random_network(6, 4, seed=1)


@pytest.fixture(scope="session")
def saved_network(network: PConvUNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "tiny.keras"
    with warnings.catch_warnings():
        # Keras 3.15 reads TensorFlow's variables in a way that NumPy 2 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        network.save(path)
    return path


@pytest.fixture(scope="session")
def exported(network: PConvUNet) -> onnx.ModelProto:
    """Shared by all tests; take a copy to change it."""
    return to_onnx(fold_network(network))


@pytest.fixture(scope="session")
def deep_exported(deep_network: PConvUNet) -> onnx.ModelProto:
    """Shared by all tests; take a copy to change it."""
    return to_onnx(fold_network(deep_network))


@pytest.fixture(scope="session")
def session(exported: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        exported.SerializeToString(), providers=["CPUExecutionProvider"]
    )


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six smooth pictures with some grain, 300x260."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for index in range(6):
        coarse = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        photo = cv2.resize(coarse, (300, 260), interpolation=cv2.INTER_CUBIC).astype(float)
        photo = np.clip(photo + rng.normal(0, 5, photo.shape), 0, 255).astype(np.uint8)
        assert cv2.imwrite(str(folder / f"{index}.png"), photo)
    return folder

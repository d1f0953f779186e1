"""The very session of ONNX Runtime that the service opens, for measuring it bare."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime

from service.engine.build import build_engine
from service.settings import Settings

DEFAULT_PRECISION = "float32"  # of a file that does not say

Change = Callable[[onnxruntime.SessionOptions], None]


def precision_of(session: onnxruntime.InferenceSession) -> str:
    """The arithmetic of a session's network (`float32`, `float16`, `int8`)."""
    metadata = session.get_modelmeta().custom_metadata_map
    return str(metadata.get("precision", DEFAULT_PRECISION))


def feed(size: int, batch: int = 1) -> dict[str, Any]:
    """What a session is fed: noise of one seed, with a hole in each window."""
    random = np.random.default_rng(0)
    mask = np.zeros((batch, size, size, 1), np.uint8)
    mask[:, size // 4 : size // 2, size // 4 : size // 2] = 1
    return {"image": random.integers(0, 256, (batch, size, size, 3), np.uint8), "mask": mask}


def unchanged(options: onnxruntime.SessionOptions) -> None:
    """Leave the service's options as they are."""


def service_session(change: Change = unchanged) -> onnxruntime.InferenceSession:
    """Have the service open its session for a run alone, and keep it.

    Catching it on its way into the engine measures the file and the options that the service really
    uses, whatever they are by now.

    Args:
        change: What to do to the options before the session is opened.
    """
    opened = []
    create = onnxruntime.InferenceSession

    def create_changed(
        model: object, options: onnxruntime.SessionOptions, **rest: Any
    ) -> onnxruntime.InferenceSession:
        change(options)
        opened.append(create(model, options, **rest))
        return opened[-1]

    # By name, so that the engine's modules are imported before anything is replaced.
    with mock.patch("service.engine.onnx.onnxruntime.InferenceSession", create_changed):
        build_engine(Settings(runs=1))
    return opened[-1]

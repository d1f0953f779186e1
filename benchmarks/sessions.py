"""The very session of ONNX Runtime that the service opens, for measuring it bare."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime

from service.arrays import Holes, Images
from service.engine.build import build_engine
from service.engine.coding import Feed
from service.engine.model_file import identify
from service.engine.settling import settle
from service.settings import Settings

DEFAULT_PRECISION = "float32"  # of a file that does not say

Change = Callable[[onnxruntime.SessionOptions], None]


def precision_of(session: onnxruntime.InferenceSession) -> str:
    """The arithmetic of a session's network (`float32`, `float16`, `int8`)."""
    metadata = session.get_modelmeta().custom_metadata_map
    return str(metadata.get("precision", DEFAULT_PRECISION))


def feed(size: int, batch: int = 1) -> dict[str, Any]:
    """What a session of our own network is fed: noise of one seed, with a hole in each window."""
    images, holes = _windows(size, batch)
    return {"image": images, "mask": holes.view(np.uint8)[..., np.newaxis]}


def _windows(size: int, batch: int) -> tuple[Images, Holes]:
    random = np.random.default_rng(0)
    holes = np.zeros((batch, size, size), np.bool_)
    holes[:, size // 4 : size // 2, size // 4 : size // 2] = True
    return random.integers(0, 256, (batch, size, size, 3), np.uint8), holes


class Runnable:
    """Any network, given one window of noise as it takes windows.

    Args:
        path: Its file.
        session: A session of it.
        size: Side of the window in pixels.

    Raises:
        EngineError: it has no signature that can be told.
    """

    def __init__(self, path: Path, session: onnxruntime.InferenceSession, size: int) -> None:
        self.path, self.size = path, size
        self._session = session
        self.coding, _ = settle(identify(path), (size,), self._answer)
        self._feed = self.coding.encode(*_windows(size, 1))

    def run(self) -> None:
        """One run, bare."""
        self._answer(self.coding.output.name, self._feed)

    def _answer(self, output: str, feed: Feed) -> Any:
        return self._session.run([output], feed)[0]


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

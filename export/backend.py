"""Keras must run on TensorFlow here, because tf2onnx reads TensorFlow graphs."""

from __future__ import annotations

import os


class BackendError(RuntimeError):
    """Keras is set to run on something other than TensorFlow."""


def require_tensorflow() -> None:
    """Choose the TensorFlow backend; call it before anything imports Keras.

    Raises:
        BackendError: `KERAS_BACKEND` names another backend.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise BackendError(
            f"Exporting needs Keras on TensorFlow, but KERAS_BACKEND is {backend!r}. Unset it or "
            "set it to tensorflow; a .keras file trained on any backend loads there."
        )
    # Two lines of start-up notices per run would bury the tables printed here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

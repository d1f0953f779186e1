"""One namespace for everything of ours that Keras saves by name."""

from __future__ import annotations

from typing import TypeVar

import keras

T = TypeVar("T", bound=type)


def register(cls: T) -> T:
    """Make a class loadable from `.keras` files under the package's name."""
    keras.saving.register_keras_serializable(package="pconv_inpainting")(cls)
    return cls

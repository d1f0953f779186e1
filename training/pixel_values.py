"""Pixel values: 0..255 outside the network, 0..1 inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray


def to_unit_range(picture: Any) -> Any:
    """uint8 0..255 -> float32 0..1, on the backend."""
    return ops.cast(picture, "float32") / 255


def to_uint8(picture: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """0..1 -> 0..255, rounded to the nearest level and clipped."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)

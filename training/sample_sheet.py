"""Sheets of training samples as the network sees and fills them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HOLE_GREY = 128


def write_sample_sheet(
    path: Path, inputs: dict[str, Any], prediction: Any, truth: Any, most: int = 8
) -> None:
    """Write a PNG with one row a sample: input (hole grey), prediction, composite, truth.

    Args:
        path: where the PNG goes.
        inputs: `{"image": (N, S, S, 3), "mask": (N, S, S, 1)}`, uint8, mask 1 = known.
        prediction: `(N, S, S, 3)` float, nominally 0..1.
        truth: `(N, S, S, 3)` uint8.
        most: rows at most.
    """
    known = np.asarray(inputs["mask"])[:most].astype(bool)
    image = np.asarray(inputs["image"])[:most]
    truth = np.asarray(truth)[:most]
    filled = to_uint8(np.asarray(prediction)[:most])
    columns = [
        np.where(known, image, HOLE_GREY).astype(np.uint8),
        filled,
        np.where(known, truth, filled),
        truth,
    ]
    sheet = np.concatenate([np.concatenate(list(column)) for column in columns], axis=1)
    if not cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
        raise OSError(f"Could not write {path}.")


def to_uint8(picture: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """0..1 -> 0..255, rounded to the nearest level and clipped."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)

"""Photos with holes, from which the ranges of activations are measured."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader

from export.metadata import read_properties
from training.masks import IrregularMasks
from training.photos import PhotoFolder, read_photo

Bytes = NDArray[np.uint8]


_SMALLEST_SIDE = 256


def crop_side(model: onnx.ModelProto) -> int:
    """The smallest multiple of a model's stride that is at least 256 pixels."""
    stride = int(read_properties(model)["stride"])
    return -(-_SMALLEST_SIDE // stride) * stride


class HoledPhotos(CalibrationDataReader):
    """Square crops of photos spread evenly over a folder, with irregular holes of all sizes.

    Args:
        folder: Photos, nested as they may be.
        count: How many to use; fewer where there are fewer.
        side: Of the crops, pixels. Smaller photos are scaled up.
        seed: Of crops and holes.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there are no readable photos in it.
    """

    def __init__(self, folder: Path, count: int, side: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        masks = IrregularMasks()
        paths = PhotoFolder([folder]).paths
        chosen = [paths[index * len(paths) // count] for index in range(min(count, len(paths)))]
        self.inputs = [
            {
                "image": _crop(photo, side, rng)[np.newaxis],
                "mask": (1 - masks(rng, side, side))[np.newaxis, ..., np.newaxis],
            }
            for photo in map(read_photo, chosen)
            if photo is not None
        ]
        if not self.inputs:
            raise ValueError(f"None of the photos below {folder} can be read.")
        self._rest = iter(self.inputs)

    def get_next(self) -> dict[str, Bytes] | None:
        """The next inputs of the network, None at the end."""
        return next(self._rest, None)


def _crop(photo: Bytes, side: int, rng: np.random.Generator) -> Bytes:
    height, width = photo.shape[:2]
    if (scale := side / min(height, width)) > 1:
        size = (max(side, round(width * scale)), max(side, round(height * scale)))
        photo = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        height, width = photo.shape[:2]
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    return np.ascontiguousarray(photo[top : top + side, left : left + side])

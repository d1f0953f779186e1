"""Masks out of a folder of mask images, white where the hole is."""

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.masks.source import Mask
from training.photos import SUFFIXES

logger = logging.getLogger(__name__)

TRIES = 8
THRESHOLD = 127
"""Of 255: a pixel is hole above it."""


class MaskFolder:
    """A mask source of mask images, randomly turned, mirrored, cropped and dilated.

    The images are of any size, white is hole as at the service's API (brightest channel above
    127 when laid over black, so strokes on a transparent ground work). Broken images, and images
    without hole or without anything known, are skipped with a warning and counted in ``skipped``.
    If every one of a few random crops misses the hole or leaves nothing known, the whole mask is
    taken, resized.

    Args:
        path: folder, searched with its sub-folders.
        max_dilation: holes grow by up to this share of the shorter side.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the folder holds no usable mask.
    """

    def __init__(self, path: Path, *, max_dilation: float = 0.04) -> None:
        if not path.is_dir():
            raise FileNotFoundError(f"No folder at {path}.")
        self.max_dilation = max_dilation
        self.skipped = 0
        self._holes: list[tuple[NDArray[np.uint8], tuple[int, int]]] = []
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in SUFFIXES:
                self._add(file)
        if not self._holes:
            raise ValueError(f"{path} holds no usable mask image ({self.skipped} skipped)")

    def __len__(self) -> int:
        return len(self._holes)

    def __call__(self, rng: np.random.Generator, height: int, width: int) -> Mask:
        bits, shape = self._holes[int(rng.integers(len(self._holes)))]
        hole = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape)
        for _ in range(TRIES):
            crop = self._dilate(rng, _crop(rng, _turn(rng, hole), height, width))
            if 0 < cv2.countNonZero(crop) < crop.size:
                return np.asarray(1 - crop, np.uint8)
        return np.asarray(1 - _resize(hole, height, width), np.uint8)

    def _add(self, file: Path) -> None:
        hole = _read_hole(file)
        if hole is None:
            self._skip(file, "it cannot be decoded")
            return
        if not hole.any() or hole.all():
            self._skip(file, "it is hole everywhere or nowhere")
            return
        self._holes.append((np.packbits(hole), (hole.shape[0], hole.shape[1])))

    def _skip(self, file: Path, reason: str) -> None:
        logger.warning("skipping mask image %s: %s", file, reason)
        self.skipped += 1

    def _dilate(self, rng: np.random.Generator, hole: NDArray[np.uint8]) -> NDArray[np.uint8]:
        radius = int(rng.integers(int(self.max_dilation * min(hole.shape)) + 1))
        if radius == 0:
            return hole
        side = 2 * radius + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        return np.asarray(cv2.dilate(hole, disc), np.uint8)


def _read_hole(file: Path) -> NDArray[np.bool_] | None:
    """Decode a mask image to (H, W), True where it is bright over black; None where broken."""
    try:
        pixels = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        return None
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        return None
    full = 2 ** (8 * pixels.itemsize) - 1
    brightest = pixels[..., :3].max(axis=2) if pixels.ndim == 3 else pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        brightest = brightest.astype(np.uint32) * pixels[..., 3] // full
    return np.asarray(brightest > full * THRESHOLD // 255, np.bool_)


def _turn(rng: np.random.Generator, hole: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mirror at random and turn by any angle; what comes in from outside is known."""
    if rng.random() < 0.5:
        hole = np.ascontiguousarray(hole[:, ::-1])
    height, width = hole.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), rng.uniform(0, 360), 1.0)
    return np.asarray(cv2.warpAffine(hole, turn, (width, height), flags=cv2.INTER_NEAREST))


def _crop(
    rng: np.random.Generator, hole: NDArray[np.uint8], height: int, width: int
) -> NDArray[np.uint8]:
    """Cut a random part of the proportions asked for, at least half of what fits, and resize it."""
    fit = min(hole.shape[0] / height, hole.shape[1] / width) * rng.uniform(0.5, 1.0)
    rows, columns = max(1, round(height * fit)), max(1, round(width * fit))
    top = int(rng.integers(hole.shape[0] - rows + 1))
    left = int(rng.integers(hole.shape[1] - columns + 1))
    return _resize(hole[top : top + rows, left : left + columns], height, width)


def _resize(hole: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    # Nearest: a mask stays binary.
    resized = cv2.resize(hole, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.uint8)

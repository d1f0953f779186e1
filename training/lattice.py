"""Holes over a sparse lattice of known pixels, as a coarse to fine fill meets them.

A hole too big for one window is filled at a lower scale first. The network ignores what lies in a
hole, so the next scale sees that coarse fill as known pixels on a lattice, the way Liu et al. 2018
do super-resolution with partial convolutions (in their section on extensions).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.masks.source import Mask

STRIDE = 4
"""Pixels between lattice points, in both directions: what the service lays into its windows."""
EXACT_SHARE = 0.25
"""Share of lattices whose values are the truth itself."""
MAX_DRIFT = 4.0
"""Standard deviation of the smooth error of a coarse fill, of 255 levels, at most."""
MAX_NOISE = 2.0
"""Standard deviation of its pixel noise, at most."""


def lattice_sample(
    truth: NDArray[np.uint8], mask: Mask, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Mask]:
    """Turn a hole into one with a lattice of known pixels, every 4th in both directions.

    Args:
        truth: (H, W, 3) RGB.
        mask: (H, W), 1 where known; nothing has to be.
        rng: where the lattice's offset and values come from.

    Returns:
        The picture (H, W, 3) and the mask (H, W) that a network sees. Outside the hole both are as
        they were. In the hole, lattice pixels are known and mostly hold a blurred and slightly
        disturbed truth, at times the truth itself; the picture elsewhere is the truth.
    """
    height, width = mask.shape
    row, column = (int(offset) for offset in rng.integers(STRIDE, size=2))
    points = lattice_points(height, width, STRIDE, row, column) & (mask == 0)
    image, seen = truth.copy(), mask.copy()
    seen[points] = 1
    if rng.random() >= EXACT_SHARE:
        factor = STRIDE if rng.random() < 0.5 else STRIDE // 2
        values = blur(truth, factor)[points] + _disturbance(rng, height, width)[points]
        image[points] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return image, seen


def lattice_points(
    height: int, width: int, stride: int, row: int, column: int
) -> NDArray[np.bool_]:
    """Return (height, width), True at every ``stride``-th pixel of both directions.

    ``row`` and ``column`` are those of the first such pixel.
    """
    points = np.zeros((height, width), np.bool_)
    points[row::stride, column::stride] = True
    return points


def blur(image: NDArray[np.uint8], factor: int) -> NDArray[np.float32]:
    """Scale (H, W, 3) down by averaging areas and up again bicubically (may leave 0..255)."""
    height, width = image.shape[:2]
    size = (-(-width // factor), -(-height // factor))
    small = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(back, np.float32)


def _disturbance(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Draw a smooth colour drift plus pixel noise, (height, width, 3)."""
    coarse = rng.normal(0, rng.uniform(0, MAX_DRIFT), (4, 4, 3)).astype(np.float32)
    drift = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = rng.standard_normal((height, width, 3), np.float32)
    return np.asarray(drift + noise * np.float32(rng.uniform(0, MAX_NOISE)), np.float32)

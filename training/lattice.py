"""Sparse lattices of known pixels and their coarse values, in NumPy, for fixed cases.

Training draws its own on the device (`training.drawing.lattices`).
"""

import cv2
import numpy as np
from numpy.typing import NDArray


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

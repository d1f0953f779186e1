"""Thin parts of a hole, shown to the network as wide as it knows holes.

A network that never saw a hole of one pixel's width in training paints lines of that width far too
dark. It is shown such lines two pixels wide; only the hole itself is written.
"""

import cv2
import numpy as np

from service.arrays import Hole

CROWD = 9
"""Side in pixels of the squares in which at least half stays known: lines side by side are left as
thin as they are, because widened they would hide all that lies between them."""


def widen_thin(hole: Hole, width: int) -> Hole:
    """Widen the parts of a hole that no square of `width` pixels fits into.

    Args:
        hole: (H, W) bool, True is hole.
        width: Pixels; 1 widens nothing.

    Returns:
        (H, W) bool: the hole and the pixels to its right and below that widen it. Some known pixel
        stays where there was one.
    """
    if width <= 1:
        return hole
    bits = hole.view(np.uint8)
    thin = bits & ~_spread(_shrunk(bits, width), width)
    if not thin.any():
        return hole
    wide = cv2.dilate(thin, np.ones((width, width), np.uint8), anchor=(width - 1,) * 2)
    wide = cv2.max(bits, wide)
    share = cv2.boxFilter(wide, cv2.CV_32F, (CROWD, CROWD), borderType=cv2.BORDER_REFLECT)
    return np.asarray(hole | ((wide > 0) & (share <= 0.5)))


def _shrunk(bits: np.ndarray, width: int) -> np.ndarray:
    """1 where a square of `width` pixels that ends in a pixel lies in the hole."""
    return cv2.erode(bits, np.ones((width, width), np.uint8), anchor=(width - 1,) * 2)


def _spread(bits: np.ndarray, width: int) -> np.ndarray:
    """The squares that end in marked pixels."""
    return cv2.dilate(bits, np.ones((width, width), np.uint8), anchor=(0, 0))

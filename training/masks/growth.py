"""Growing a hole to an exact number of pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray


def grow(hole: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Return the hole grown evenly outward to exactly ``pixels`` pixels.

    Args:
        hole: (H, W), 1 in the hole; it has at least one and at most ``pixels`` such pixels.
        pixels: how many hole pixels the result has.

    Raises:
        ValueError: there is no hole to grow, it is too big already, or there is no room for it.
    """
    count = int(np.count_nonzero(hole))
    if not 0 < count <= pixels <= hole.size:
        raise ValueError(f"a hole of {count} out of {hole.size} pixels cannot grow to {pixels}")
    distance = np.asarray(cv2.distanceTransform(1 - hole, cv2.DIST_L2, cv2.DIST_MASK_3))
    # A stable sort: which of many equally near pixels comes first must not depend on the machine.
    nearest = np.argsort(distance, axis=None, kind="stable")[:pixels]
    grown = np.zeros_like(hole)
    grown.ravel()[nearest] = 1
    return grown

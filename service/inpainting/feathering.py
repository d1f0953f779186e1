"""Feathering: the fill fades in over the first pixels inside the hole."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Grey, Hole, Image

STRIP_PIXELS = 1 << 20


@dataclass(frozen=True, slots=True)
class Under:
    """What a photo has in the N pixels of its hole, in their order.

    Attributes:
        pixels: (N, 3) uint8.
        seen: (N,) bool: which of them full transparency does not hide; None where all are seen.
    """

    pixels: NDArray[np.uint8]
    seen: NDArray[np.bool_] | None = None


def under_hole(image: Image, alpha: Grey | None, hole: Hole) -> Under:
    """A copy of what is under a hole, before it is filled; shapes as in `feather_inside`."""
    return Under(image[hole], None if alpha is None else alpha[hole] > 0)


def feather_inside(result: Image, under: Under, hole: Hole, width: int) -> None:
    """Fade from the photo at the rim to the fill `width` pixels inside the hole, in place.

    This is the one step that shows what lies under the hole; known pixels stay as they are.

    Args:
        result: (H, W, 3) uint8, the filled photo, changed in place.
        under: What the photo has there.
        hole: (H, W) bool.
        width: Length of the ramp in pixels, at least 1.
    """
    height = len(hole)
    rows = max(1, STRIP_PIXELS // hole.shape[1])
    done = 0
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        inside = hole[top:bottom]
        count = int(np.count_nonzero(inside))
        if not count:
            continue
        first, last = max(top - width, 0), min(bottom + width, height)
        strip = hole[first:last].view(np.uint8)
        depth = cv2.distanceTransform(strip, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        depth = depth[top - first : bottom - first]
        ramp = inside & (depth <= width)
        if under.seen is not None:
            ramp[inside] &= under.seen[done : done + count]
        alpha = (depth[ramp] / (width + 1))[:, None]
        shown = under.pixels[done : done + count][ramp[inside]]
        result[top:bottom][ramp] = np.rint(shown * (1 - alpha) + result[top:bottom][ramp] * alpha)
        done += count

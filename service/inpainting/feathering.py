"""Feathering: the fill fades in over the first pixels inside the hole."""

import cv2
import numpy as np

from service.arrays import Hole, Image

STRIP_PIXELS = 1 << 20


def feather_inside(result: Image, image: Image, hole: Hole, width: int) -> None:
    """Fade from the photo at the rim to the fill `width` pixels inside the hole, in place.

    This is the one step that shows what lies under the hole; known pixels stay as they are.

    Args:
        result: (H, W, 3) uint8, the filled photo, changed in place.
        image: (H, W, 3) uint8, the photo.
        hole: (H, W) bool.
        width: Length of the ramp in pixels, at least 1.
    """
    height = len(hole)
    rows = max(1, STRIP_PIXELS // hole.shape[1])
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(top - width, 0), min(bottom + width, height)
        strip = hole[first:last]
        if not strip.any():
            continue
        depth = cv2.distanceTransform(strip.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        depth = depth[top - first : bottom - first]
        ramp = (depth > 0) & (depth <= width)
        alpha = (depth[ramp] / (width + 1))[:, None]
        mix = image[top:bottom][ramp] * (1 - alpha) + result[top:bottom][ramp] * alpha
        result[top:bottom][ramp] = np.rint(mix)

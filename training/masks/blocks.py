"""One large hole, a rectangle or an ellipse, as somebody makes who takes a thing out of a photo.

Irregular holes are seldom deep. A network that learns from them alone has hardly seen a pixel that
is far from everything known, and paints blobs there.
"""

import cv2
import numpy as np

from training.masks.source import Mask

LEAST_SHARE, MOST_SHARE = 0.3, 0.75
"""Of a side of the picture, how much a block takes."""


def draw_block(rng: np.random.Generator, height: int, width: int) -> Mask:
    """Draw one mask, uint8 (height, width), 1 where known: a block anywhere inside the picture."""
    mask = np.ones((height, width), np.uint8)
    rows, columns = (round(side * rng.uniform(LEAST_SHARE, MOST_SHARE)) for side in (height, width))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    if rng.random() < 0.5:
        mask[top : top + rows, left : left + columns] = 0
    else:
        centre = (left + columns // 2, top + rows // 2)
        cv2.ellipse(mask, centre, (columns // 2, rows // 2), 0, 0, 360, 0, cv2.FILLED)
    return mask

"""Photos of any size onto canvases of one size, by NumPy and OpenCV alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def lay_on_canvas(
    photo: NDArray[np.uint8], height: int, width: int
) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    """Lay a photo `(h, w, 3)` into the upper left corner of a canvas.

    Portraits are laid on their side. A photo higher than the canvas is scaled down to its height,
    never up; what is then wider than the canvas is cut off on both sides alike. The rest of the
    canvas repeats the photo's edge.

    Returns:
        The canvas `(height, width, 3)`; rows and columns in use, and 1 if the photo lies turned.
    """
    turned = photo.shape[0] > photo.shape[1]
    if turned:
        photo = photo.transpose(1, 0, 2)
    rows, columns = photo.shape[:2]
    if rows > height:
        columns = max(height, round(columns * height / rows))
        photo = np.asarray(
            cv2.resize(photo, (columns, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        rows = height
    if columns > width:
        left = (columns - width) // 2
        photo, columns = photo[:, left : left + width], width
    padding = ((0, height - rows), (0, width - columns), (0, 0))
    return np.pad(photo, padding, mode="edge"), (rows, columns, int(turned))

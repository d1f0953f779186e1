"""Image files made in memory."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def file_of(samples: NDArray[np.uint8] | NDArray[np.bool_], kind: str, **options: Any) -> bytes:
    """An image file of (H, W) or (H, W, 3) samples, as Pillow writes it."""
    file = io.BytesIO()
    Image.fromarray(samples).save(file, kind, **options)
    return file.getvalue()

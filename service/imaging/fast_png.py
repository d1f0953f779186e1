"""PNG written fast: by OpenCV, with run lengths of differences to the left neighbour.

That takes less than a third of the time of Pillow's fastest level. The file is about a tenth
smaller where the photo has camera noise, and a tenth larger where it has none.
"""

import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from service.imaging.decoding import Photo

LONGEST_SIDE = 1_000_000  # libpng's own limit
HEADER_BYTES = 33  # signature and IHDR, behind which a colour profile may stand
PROFILE_NAME = b"ICC Profile\x00\x00"  # the second zero: compressed by deflate

Samples = NDArray[np.uint8]


def can_write(photo: Photo) -> bool:
    """Whether OpenCV can write a photo: it knows no grey with transparency."""
    grey_alpha = photo.is_grey and photo.alpha is not None
    return not grey_alpha and max(photo.height, photo.width) <= LONGEST_SIDE


def arrange(photo: Photo) -> Samples:
    """A photo's samples in OpenCV's order: (H, W) grey, (H, W, 3) BGR or (H, W, 4) BGRA. A copy."""
    if photo.is_grey:
        return photo.pixels.copy()
    if photo.alpha is None:
        return np.asarray(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2BGR), np.uint8)
    samples = np.empty((photo.height, photo.width, 4), np.uint8)
    cv2.mixChannels([photo.pixels, photo.alpha], [samples], [0, 2, 1, 1, 2, 0, 3, 3])
    return samples


def write_png(samples: Samples, level: int, icc: bytes | None) -> bytes:
    """Write arranged samples as a PNG file, bit for bit.

    Args:
        samples: As `arrange` gives them.
        level: 0 stores, 1 compresses.
        icc: The colour profile.
    """
    options = {
        cv2.IMWRITE_PNG_COMPRESSION: level,
        cv2.IMWRITE_PNG_STRATEGY: cv2.IMWRITE_PNG_STRATEGY_RLE,
        cv2.IMWRITE_PNG_FILTER: cv2.IMWRITE_PNG_FILTER_SUB,
    }
    written, file = cv2.imencode(
        ".png", samples, [value for pair in options.items() for value in pair]
    )
    if not written:
        raise RuntimeError(f"OpenCV could not write {samples.shape} as PNG")
    if icc is None:
        return file.tobytes()
    data = file.ravel().data
    return b"".join((data[:HEADER_BYTES], _profile_chunk(icc), data[HEADER_BYTES:]))


def _profile_chunk(icc: bytes) -> bytes:
    """The `iCCP` chunk (ISO/IEC 15948, 11.3.3.3)."""
    body = b"iCCP" + PROFILE_NAME + zlib.compress(icc)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))

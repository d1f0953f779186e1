"""A PNG written with NumPy's differences and any deflate: shows what the deflate alone decides."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTH, RGB = 8, 2
SUB = 1  # the filter: each byte less the one a pixel before it (ISO/IEC 15948, 9.2)


def png_of(image: NDArray[np.uint8], compress: Callable[[bytes], bytes]) -> bytes:
    """A PNG of (H, W, 3) uint8 RGB, every row filtered by `SUB`.

    Args:
        image: What to write.
        compress: From bytes to a zlib stream.
    """
    height, width, channels = image.shape
    rows = image.reshape(height, width * channels)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = SUB
    filtered[:, 1 : 1 + channels] = rows[:, :channels]
    np.subtract(rows[:, channels:], rows[:, :-channels], out=filtered[:, 1 + channels :])
    header = struct.pack(">IIBBBBB", width, height, DEPTH, RGB, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", compress(filtered.data)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def deflate_rle(data: bytes) -> bytes:
    """Python's own zlib, looking for runs of equal bytes only."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return deflate.compress(data) + deflate.flush()


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(name))
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

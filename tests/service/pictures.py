"""Small pictures and files of them."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.arrays import Hole

Samples = NDArray[np.uint8]


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Samples:
    """Random samples, (H, W) or (H, W, C); no two seeds look alike."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(height: int, width: int, seed: int = 0) -> Samples:
    """A smooth random RGB picture, which JPEG keeps nearly as it is."""
    coarse = Image.fromarray(noise(4, 4, seed=seed))
    return np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))


def box_hole(height: int, width: int, top: int = 8, left: int = 8, side: int = 12) -> Hole:
    """A square hole."""
    hole = np.zeros((height, width), np.bool_)
    hole[top : top + side, left : left + side] = True
    return hole


def mask_file(hole: Hole) -> bytes:
    """A mask as the API takes it: white is hole."""
    return file_of(hole.astype(np.uint8) * 255)


def file_of(samples: Samples | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """An image file."""
    image = samples if isinstance(samples, Image.Image) else Image.fromarray(samples)
    if kind == "WEBP":
        options.setdefault("lossless", True)
        options.setdefault("exact", True)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scattered(side: int) -> dict[str, bytes]:
    """Files of a photo with a small hole every 100 pixels, each to be filled by its own window."""
    hole = np.zeros((side, side), np.bool_)
    for row, column in np.ndindex(side // 100, side // 100):
        hole[100 * row + 50 :, 100 * column + 50 :][:6, :6] = True
    return {"image": file_of(noise(side, side)), "mask": mask_file(hole)}


def opened(data: bytes) -> Image.Image:
    """The image in a file."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def samples_of(data: bytes) -> Samples:
    """The samples in a file."""
    return np.array(opened(data))


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def raw_png(
    width: int, height: int, bits: int, colour_type: int, rows: bytes, extra: bytes = b""
) -> bytes:
    """A PNG written by hand, for what Pillow does not write. `rows` are filtered scanlines."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )

"""What an image file's first bytes say, read before anything is decoded.

Decoders allocate by these numbers, so they are checked first. Only PNG (ISO/IEC 15948), JPEG
(ITU-T T.81) and WebP (RFC 9649) are known here, told by their content and never by a file's name.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

from service.errors import BrokenImage, UnsupportedImage
from service.imaging.kinds import START_BYTES, kind_of

Format = Literal["PNG", "JPEG", "WEBP"]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
# Start-of-frame markers: 0xC0..0xCF without DHT (C4), JPG (C8) and DAC (CC).
JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})  # without a length behind them
JPEG_START_OF_SCAN = 0xDA

# Real files stay far below these; they keep a hostile file from being walked byte by byte.
MAX_CHUNKS = 4096
MAX_FILLING = 65536


@dataclass(frozen=True, slots=True)
class Header:
    """Format, size in pixels as stored (before EXIF orientation), bits of a sample, animation."""

    format: Format
    width: int
    height: int
    bits: int
    animated: bool


def read_header(file: BinaryIO, what: str) -> Header:
    """Read an image file's header; leaves the file at its start.

    Args:
        file: The file, seekable.
        what: What the file is to the client (`image` or `mask`), for the error's words.

    Raises:
        UnsupportedImage: neither PNG nor JPEG nor WebP.
        BrokenImage: one of them, but its header is cut off or makes no sense.
    """
    file.seek(0)
    start = file.read(START_BYTES)
    try:
        if start.startswith(PNG_SIGNATURE):
            header = _read_png(start, file)
        elif start.startswith(JPEG_SIGNATURE):
            header = _read_jpeg(file)
        elif start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            header = _read_webp(start)
        else:
            raise UnsupportedImage(_refusal(start, what))
    except (struct.error, IndexError) as error:
        raise BrokenImage(f"the {what}'s header is cut off or damaged") from error
    if header.width < 1 or header.height < 1:
        raise BrokenImage(f"the {what}'s header gives no size")
    file.seek(0)
    return header


def _refusal(start: bytes, what: str) -> str:
    if not start:
        return f"the {what} is empty (0 bytes); check that the file was read before it was sent"
    kind = kind_of(start)
    return f"the {what} is {kind.name}; {kind.cure}"


def _read_png(start: bytes, file: BinaryIO) -> Header:
    width, height, bits = struct.unpack(">IIB", start[16:25])
    if start[12:16] != b"IHDR":
        raise struct.error("no IHDR chunk")
    return Header("PNG", width, height, bits, _png_frames(file) > 1)


def _png_frames(file: BinaryIO) -> int:
    """Frames announced by an `acTL` chunk (APNG), which stands before the first `IDAT`."""
    file.seek(len(PNG_SIGNATURE))
    for _ in range(MAX_CHUNKS):
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"acTL":
            (frames,) = struct.unpack(">I", file.read(4))
            return int(frames)
        if name == b"IDAT":
            return 1
        file.seek(length + 4, 1)  # the chunk's data and its checksum
    raise struct.error("too many chunks before the pixels")


def _read_jpeg(file: BinaryIO) -> Header:
    file.seek(2)
    for _ in range(MAX_CHUNKS):
        marker = _next_marker(file)
        if marker in JPEG_BARE_MARKERS:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in JPEG_FRAME_MARKERS:
            bits, height, width = struct.unpack(">BHH", file.read(5))
            return Header("JPEG", width, height, bits, False)
        if marker == JPEG_START_OF_SCAN or length < 2:
            raise struct.error("pixels before any frame header")
        file.seek(length - 2, 1)
    raise struct.error("too many segments before the pixels")


def _next_marker(file: BinaryIO) -> int:
    """The next marker, past any filling bytes in front of it."""
    before = 0
    for _ in range(MAX_FILLING):
        byte = file.read(1)[0]
        if before == 0xFF and byte not in (0x00, 0xFF):
            return byte
        before = byte
    raise struct.error("no marker")


def _read_webp(start: bytes) -> Header:
    kind = start[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(_exactly(start[24:27], 3), "little")
        height = 1 + int.from_bytes(_exactly(start[27:30], 3), "little")
        return Header("WEBP", width, height, 8, bool(start[20] & 0x02))
    if kind == b"VP8L":
        (sizes,) = struct.unpack("<I", start[21:25])
        return Header("WEBP", 1 + (sizes & 0x3FFF), 1 + (sizes >> 14 & 0x3FFF), 8, False)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", start[26:30])
        return Header("WEBP", width & 0x3FFF, height & 0x3FFF, 8, False)
    raise struct.error("no image chunk")


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) < length:
        raise struct.error("cut off")
    return data

"""What a PNG says beside its pixels (ISO/IEC 15948, 11.3), read and written.

Read within bounds, whatever it unpacks to; what is damaged, or longer, is left out.
"""

import re
import struct
import zlib
from typing import Any, BinaryIO

from service.imaging.whole_png import PngLayout

MAX_PROFILE_BYTES = 1 << 24
MAX_BYTES = 1 << 20
FIXED = {b"pHYs": 9, b"gAMA": 4, b"cHRM": 32, b"cICP": 4, b"sRGB": 1}
"""Chunks of one length."""

XMP_KEYWORD = b"XML:com.adobe.xmp"
EXIF_TEXT = re.compile(rb"Raw profile type (exif|APP1)")  # as ImageMagick wrote it before `eXIf`
EXIF_PREFIX = b"Exif\0\0"


def read_chunks(file: BinaryIO, layout: PngLayout) -> dict[str, Any]:
    """A PNG's metadata by Pillow's names.

    `icc_profile`, `exif` and `xmp` (bytes), and the chunks of `FIXED` by their own names; the first
    one of each counts. The file is left anywhere.
    """
    info: dict[str, Any] = {}
    for name, start, length, there in layout.named(*FIXED, b"iCCP", b"eXIf", b"iTXt", b"zTXt"):
        if there < length or length > MAX_PROFILE_BYTES:
            continue
        file.seek(start)
        data = file.read(length)
        checksum = struct.pack(">I", zlib.crc32(name + data))
        if file.read(4) != checksum:
            continue
        try:
            for key, value in _meaning(name, data).items():
                info.setdefault(key, value)
        except (zlib.error, ValueError, IndexError):
            continue
    return info


def _meaning(name: bytes, data: bytes) -> dict[str, bytes]:
    if name in FIXED:
        return {name.decode(): data} if len(data) == FIXED[name] else {}
    if name == b"eXIf":
        return {"exif": EXIF_PREFIX + data.removeprefix(EXIF_PREFIX)} if _fits(data) else {}
    keyword, rest = data.split(b"\0", 1)
    if name == b"iCCP":
        return {"icc_profile": _inflated(rest[1:], MAX_PROFILE_BYTES)}
    if name == b"zTXt":
        if not EXIF_TEXT.fullmatch(keyword):
            return {}
        lines = _inflated(rest[1:], 2 * MAX_BYTES).split(b"\n")
        exif = bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
        return {"exif": exif} if exif.startswith(EXIF_PREFIX) else {}
    if keyword != XMP_KEYWORD:
        return {}
    text = rest[2:].split(b"\0", 2)[2]
    xmp = _inflated(text, MAX_BYTES) if rest[0] else text
    return {"xmp": xmp} if _fits(xmp) else {}


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def xmp_chunk(xmp: bytes) -> bytes:
    """XMP as a chunk, not compressed, which is how readers without a PNG decoder find it."""
    return chunk(b"iTXt", XMP_KEYWORD + bytes(5) + xmp)


def _fits(data: bytes) -> bool:
    return len(data) <= MAX_BYTES


def _inflated(data: bytes, most: int) -> bytes:
    """Unpacked data.

    Raises:
        ValueError: there would be more than `most` bytes, or less than there should.
    """
    inflater = zlib.decompressobj()
    unpacked = inflater.decompress(data, most)
    if not inflater.eof and (inflater.unconsumed_tail or inflater.decompress(b"", 1)):
        raise ValueError("too long")
    if not inflater.eof:
        raise ValueError("cut off")
    return unpacked

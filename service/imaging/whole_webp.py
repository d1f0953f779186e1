"""WebP as its decoder is given it: with the chunks that are there, if those hold all pixels."""

import io
import struct
from typing import BinaryIO

from service.errors import BrokenImage
from service.imaging.spliced import Piece, spliced
from service.imaging.whole_jpeg import percent

HEAD_BYTES = 12
PIXELS = (b"VP8 ", b"VP8L", b"ALPH")
KEPT = (b"VP8X", b"ICCP", *PIXELS)
SOUND = (*KEPT, b"EXIF", b"XMP ")
MAX_CHUNKS = 4096


def mended(file: BinaryIO, what: str) -> BinaryIO:
    """The file itself; without what is cut off or unknown, if there is anything of that.

    Args:
        file: A WebP, seekable; left at its start.
        what: What it is to the client, for the error's words.

    Raises:
        BrokenImage: pixels are cut off; says how much of their data.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(4)
    (riff,) = struct.unpack("<I", file.read(4))
    pieces: list[Piece] = []
    is_odd = riff + 8 > size
    has_pixels = False
    position = HEAD_BYTES
    for _ in range(MAX_CHUNKS):
        if position + 8 > min(size, riff + 8 + (riff & 1)):
            break
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        there = min(length, size - position - 8)
        if there < length and name in PIXELS:
            file.seek(0)
            raise BrokenImage(
                f"the {what} is truncated: {percent(1 - there / length)} of its pixels' data are "
                "missing; send the whole file"
            )
        is_odd |= there < length or name not in SOUND
        if name in KEPT and there == length:
            pieces += [struct.pack("<4sI", name, length), (position + 8, length)]
            pieces += [bytes(1)] * (length & 1)
            has_pixels |= name in (b"VP8 ", b"VP8L")
        position += 8 + length + (length & 1)
    file.seek(0)
    if not has_pixels:
        raise BrokenImage(f"the {what} is truncated: all of its pixels are missing")
    if not is_odd:
        return file
    length = 4 + sum(len(p) if isinstance(p, bytes) else p[1] for p in pieces)
    return spliced(file, [b"RIFF" + struct.pack("<I", length) + b"WEBP", *pieces])

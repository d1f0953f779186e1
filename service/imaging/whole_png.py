"""PNG as its decoder is given it, and whether it has all of its pixels.

Decoders give up on a picture for text that is too long, or for a checksum in what they do not
need. So they are given the pixels only; everything else is read in `service.imaging.png_chunks`.
"""

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from service.errors import BrokenImage
from service.imaging.headers import PNG_SIGNATURE
from service.imaging.spliced import Piece, spliced
from service.imaging.whole_jpeg import percent

MAX_CHUNKS = 1 << 20
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# First column and row of each pass of Adam7, and its steps (ISO/IEC 15948, 8.2).
PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
BLOCK = 1 << 18


@dataclass(slots=True)
class PngLayout:
    """Chunks by name: where their data start, how long they are and how much of that is there."""

    chunks: list[tuple[bytes, int, int, int]] = field(default_factory=list)

    def named(self, *names: bytes) -> list[tuple[bytes, int, int, int]]:
        """The chunks of these names, in order."""
        return [chunk for chunk in self.chunks if chunk[0] in names]


def read_layout(file: BinaryIO) -> PngLayout:
    """Walk a PNG as far as its end, or as it goes; leaves the file at its start."""
    size = file.seek(0, io.SEEK_END)
    layout = PngLayout()
    file.seek(max(0, size - len(END)))
    if file.read() == END:  # within a chunk that is cut off, it is none of that chunk's data
        size -= len(END)
    position = len(PNG_SIGNATURE)
    while position + 8 <= size and len(layout.chunks) < MAX_CHUNKS:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"IEND":
            break
        layout.chunks.append((name, position + 8, length, min(length, size - position - 8)))
        position += 12 + length
    file.seek(0)
    return layout


def pixels_only(file: BinaryIO, layout: PngLayout) -> BinaryIO:
    """The file with nothing but what the pixels need, its end included."""
    pieces: list[Piece] = [PNG_SIGNATURE]
    for name, start, length, there in layout.named(*PIXELS):
        if there < length and name != b"IDAT":
            continue
        if name == b"IDAT":  # whose checksum Pillow steps over; zlib's own is looked at
            pieces += [struct.pack(">I4s", there, name), (start, there), bytes(4)]
        else:
            file.seek(start)
            data = file.read(length)
            checksum = zlib.crc32(name + data)
            pieces.append(struct.pack(">I4s", length, name) + data + struct.pack(">I", checksum))
    return spliced(file, [*pieces, END])


def check_pixels(file: BinaryIO, layout: PngLayout, what: str) -> None:
    """Check that the compressed data last for all pixels.

    Raises:
        BrokenImage: they end earlier, or are damaged; says how much is missing.
    """
    file.seek(len(PNG_SIGNATURE) + 8)
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", file.read(13))
    depth: int = bits * CHANNELS.get(colour, 1)

    def row(columns: int) -> int:
        return 1 + (columns * depth + 7) // 8  # the first byte tells the filter

    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in PASSES]
        needed = sum(row(columns) * rows for columns, rows in sizes if columns > 0 and rows > 0)
    else:
        needed = row(width) * height
    there, is_damaged = _inflated_bytes(file, layout, needed)
    if there >= needed:
        return
    if is_damaged:
        raise BrokenImage(f"the {what} is damaged: its data cannot be decompressed")
    where = "" if interlaced else f", from row {there // row(width) + 1} of {height} on"
    raise BrokenImage(
        f"the {what} is truncated: {percent(1 - there / needed)} of its pixels are missing"
        f"{where}; send the whole file"
    )


def _inflated_bytes(file: BinaryIO, layout: PngLayout, needed: int) -> tuple[int, bool]:
    """How many bytes of pixels there are, up to as many as are needed; whether data are damaged."""
    inflater = zlib.decompressobj()
    total = 0
    try:
        for _, start, _, there in layout.named(b"IDAT"):
            for offset in range(0, there, BLOCK):
                file.seek(start + offset)
                data = file.read(min(BLOCK, there - offset))
                while data and total < needed and not inflater.eof:
                    total += len(inflater.decompress(data, BLOCK))
                    data = inflater.unconsumed_tail
        while total < needed and not inflater.eof:
            more = inflater.decompress(b"", BLOCK)
            if not more:
                break
            total += len(more)
    except zlib.error:
        return total, True
    return total, False

"""What a JPEG is made of, walked before it is decoded: its segments, and its scans of the pixels.

A progressive JPEG refines its pixels scan by scan. A scan that changes nothing takes fifty bytes,
and the decoder goes over the whole picture for it: a file of a few megabytes can keep a processor
busy for a day, and nothing stops a decoder half-way. Encoders write about ten scans.
"""

import io
import re
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

MAX_SCANS = 64
MAX_SEGMENTS = 4096
BLOCK_BYTES = 65536

# Within compressed data FF stands before 00 (stuffing), D0..D7 (restart) or FF (filling) only.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
FIRST_WITH_LENGTH = 0xC0  # decoders step over a marker below, and over nothing behind it
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that is there as a whole.

    Attributes:
        marker: Its kind, the second byte of the marker.
        start: Where its marker stands.
        end: Where it ends; for the head of a scan, the compressed data begin there.
        data_end: Where the next marker stands, or the file ends.
    """

    marker: int
    start: int
    end: int
    data_end: int


@dataclass(slots=True)
class Layout:
    """A JPEG's parts, as far as the end of the image; what lies behind does not count.

    Attributes:
        segments: Those with a length, in order.
        end: Where the image ends: before the end marker, or before what is cut off.
        is_ended: Whether the end marker is there.
        is_excessive: Whether there are more scans, or more segments, than any encoder writes.
    """

    segments: list[Segment] = field(default_factory=list)
    end: int = 0
    is_ended: bool = False
    is_excessive: bool = False


def read_layout(file: BinaryIO) -> Layout:
    """Walk a JPEG; leaves the file at its start. One that is cut off is walked to there.

    Args:
        file: A JPEG (ITU-T T.81), seekable.
    """
    size = file.seek(0, io.SEEK_END)
    layout = Layout(end=size)
    scans = 0
    found = _next_marker(file, 2)
    for _ in range(MAX_SEGMENTS):
        if found is None:
            break
        marker, position = found
        if marker == END_OF_IMAGE:
            layout.end, layout.is_ended = position - 2, True
            break
        scans += marker == START_OF_SCAN
        if scans > MAX_SCANS:
            layout.is_excessive = True
            break
        end = position
        if marker >= FIRST_WITH_LENGTH and marker != START_OF_IMAGE:
            file.seek(position)
            length = file.read(2)
            end += struct.unpack(">H", length)[0] if len(length) == 2 else size
            if end > size:  # cut off
                layout.end = position - 2
                break
        found = _next_marker(file, end)
        data_end = size if found is None else found[1] - 2
        if end > position:
            layout.segments.append(Segment(marker, position - 2, end, data_end))
    else:
        layout.is_excessive = True
    file.seek(0)
    return layout


def _next_marker(file: BinaryIO, position: int) -> tuple[int, int] | None:
    """The next marker from a position on, and the position behind it; None at the file's end."""
    while True:
        file.seek(position)
        block = file.read(BLOCK_BYTES)
        if found := MARKER.search(block):
            return block[found.end() - 1], position + found.end()
        if len(block) < BLOCK_BYTES:
            return None
        position += BLOCK_BYTES - 1  # a marker may lie across two blocks

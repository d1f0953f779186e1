"""How often a JPEG goes over its pixels, counted before it is decoded.

A progressive JPEG refines its pixels scan by scan. A scan that changes nothing takes fifty bytes,
and the decoder goes over the whole picture for it: a file of a few megabytes can keep a processor
busy for a day, and nothing stops a decoder half-way. Encoders write about ten scans.
"""

import re
import struct
from typing import BinaryIO

MAX_SCANS = 64
MAX_SEGMENTS = 4096
BLOCK_BYTES = 65536

# Within compressed data FF stands before 00 (stuffing), D0..D7 (restart) or FF (filling) only.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
FIRST_WITH_LENGTH = 0xC0  # decoders step over a marker below, and over nothing behind it
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA


def has_too_many_scans(file: BinaryIO) -> bool:
    """Whether a JPEG has more scans, or more segments, than any encoder writes.

    What lies behind the end of the image, such as a film or a second photo, does not count. A file
    that is cut off or damaged is left to the decoder. Leaves the file at its start.

    Args:
        file: A JPEG (ITU-T T.81), seekable.
    """
    scans = 0
    position = 2
    try:
        for _ in range(MAX_SEGMENTS):
            found = _next_marker(file, position)
            if found is None:
                return False
            marker, position = found
            if marker == END_OF_IMAGE:
                return False
            scans += marker == START_OF_SCAN
            if scans > MAX_SCANS:
                return True
            if marker >= FIRST_WITH_LENGTH and marker != START_OF_IMAGE:
                file.seek(position)
                (length,) = struct.unpack(">H", file.read(2))
                position += length
        return True
    except struct.error:
        return False
    finally:
        file.seek(0)


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

"""Files that are there as a whole or not at all."""

import os
import struct
from pathlib import Path

TAIL = 12  # a PNG's last chunk
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
JPEG_END = b"\xff\xd9"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it; makes the folders that it lies in.

    What is not on a disk (`service.ray.fill`) is written at once: an object in a bucket is there
    when all of it is.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kind: object = path
    if not isinstance(kind, Path):
        path.write_bytes(content)
        return
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def is_whole(path: Path) -> bool:
    """Whether a PNG, JPEG or WebP is there and goes on to its end, as answers of the service do.

    Looks at the first and last bytes only: what a copy that was cut off would lack.
    """
    try:
        with path.open("rb") as file:
            head = file.read(TAIL)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            tail = file.read()
    except OSError:
        return False
    if head[:4] == b"RIFF" and len(head) == TAIL:
        return bool(size == 8 + struct.unpack("<I", head[4:8])[0])
    return tail == PNG_END or (head[:2] == b"\xff\xd8" and tail.endswith(JPEG_END))

"""A file made of pieces of another one and of bytes in between, without a copy of it."""

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

Piece = bytes | tuple[int, int]
"""Bytes, or the start and the length of a piece of the file."""


class SplicedFile(io.RawIOBase):
    """Reads as if its pieces stood one after the other. The file itself is not closed with it."""

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._pieces = pieces
        self._position = 0
        self._size = sum(_length(piece) for piece in pieces)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As any file does."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the piece goes in which the position lies."""
        view = memoryview(buffer)
        start = self._position
        for piece in self._pieces:
            length = _length(piece)
            if start < length:
                part = self._part(piece, start, min(len(view), length - start))
                view[: len(part)] = part
                self._position += len(part)
                return len(part)
            start -= length
        return 0

    def _part(self, piece: Piece, skipped: int, wanted: int) -> bytes:
        if isinstance(piece, bytes):
            return piece[skipped : skipped + wanted]
        self._file.seek(piece[0] + skipped)
        return self._file.read(wanted)


def spliced(file: BinaryIO, pieces: Sequence[Piece]) -> BinaryIO:
    """A buffered `SplicedFile`, for decoders that read a few bytes at a time."""
    return io.BufferedReader(SplicedFile(file, pieces), 1 << 16)


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1]

"""Where results lie until they are fetched: on disk, within a bound, and no longer than the server.

The files have no names. Nobody else can open them, and whatever way the process ends, they are gone
with it: there is nothing to be emptied at a start, and nothing that a crash leaves behind.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import Unavailable

PIECE_BYTES = 256 * 1024
RETRY_S = 10.0


class ResultFolder:
    """A folder and how many bytes of it may be taken. Thread safe.

    Args:
        folder: An existing folder; the system's temporary one if None.
        max_bytes: All results together, those expected included.
    """

    def __init__(self, folder: Path | None, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._taken: dict[Result, int] = {}

    @property
    def bytes(self) -> int:
        """Bytes that are taken, by results and for those that are expected."""
        with self._lock:
            return sum(self._taken.values())

    def fits(self, expected: int) -> bool:
        """Whether there is room for so many bytes more. More than all there is counts as all."""
        return self.bytes + min(expected, self.max_bytes) <= self.max_bytes

    def open(self, expected: int) -> "Result":
        """A file for a result of about so many bytes, which are kept free for it.

        Raises:
            Unavailable: there is no room, or the folder cannot be written.
        """
        try:
            descriptor = _nameless_file(self._folder)
        except OSError as error:
            raise Unavailable("results cannot be kept on this server's disk", RETRY_S) from error
        result = Result(self, descriptor)
        try:
            self.resize(result, min(expected, self.max_bytes))
        except Unavailable:
            result.close()
            raise
        return result

    def resize(self, result: "Result", size: int) -> None:
        """Take so many bytes for a result, in place of those that it had.

        Raises:
            Unavailable: there is no room; it keeps what it had.
        """
        with self._lock:
            others = sum(self._taken.values()) - self._taken.get(result, 0)
            if others + size > self.max_bytes:
                raise Unavailable(
                    f"there is no room for a result of {size} bytes: results may take "
                    f"{self.max_bytes} bytes together, and {others} are taken",
                    RETRY_S,
                )
            self._taken[result] = size

    def release(self, result: "Result") -> None:
        """Take nothing for a result any more."""
        with self._lock:
            self._taken.pop(result, None)


class Result:
    """One result: a file that only this object knows.

    Attributes:
        size: Bytes that have been written.
    """

    def __init__(self, folder: ResultFolder, descriptor: int) -> None:
        self._folder = folder
        self._descriptor: int | None = descriptor
        self._lock = threading.Lock()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write the result, once.

        Raises:
            Unavailable: it is larger than there is room for, on the disk or within the bound.
        """
        try:
            with self._lock:
                if self._descriptor is None:
                    return  # given up meanwhile
                self._folder.resize(self, len(data))
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise Unavailable("there is no room on the disk for the result", RETRY_S) from error
        self.size = len(data)

    @contextmanager
    def reading(self) -> Iterator[Iterator[bytes]]:
        """The result in pieces, to its end even if it is closed meanwhile.

        Raises:
            FileNotFoundError: it is closed.
        """
        with self._lock:
            if self._descriptor is None:
                raise FileNotFoundError
            own = os.dup(self._descriptor)
        try:
            yield (os.pread(own, PIECE_BYTES, at) for at in range(0, self.size, PIECE_BYTES))
        finally:
            os.close(own)

    def close(self) -> None:
        """Give the file up; readers that have begun go on."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            self._folder.release(self)


def _nameless_file(folder: Path | None) -> int:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        return os.dup(file.fileno())

"""EXIF changed in place (Exif 2.32, 4.6): bytes that mean something else stay where they are.

Rewritten from its tags, EXIF loses what cameras keep in maker notes, which point into it. What
cannot be followed from its first byte on is an `ExifError`; nobody needs it more than the photo.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ORIENTATION, EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 0x0112, 0x8769, 0x8825, 0xA005
MAKER_NOTE = 0x927C
COLUMNS, ROWS = 0xA002, 0xA003
POINTERS = (EXIF_POINTER, GPS_POINTER, INTEROP_POINTER)
THUMBNAIL, THUMBNAIL_BYTES = 0x0201, 0x0202
STRIPS, STRIP_BYTES = 0x0111, 0x0117
# What may tell a place in words or as a copy of other metadata: maker's, IPTC, Photoshop's, XMP.
TELLING = (MAKER_NOTE, 0x83BB, 0x8649, 0x02BC, 0xC634, 0x9286, 0x9C9C)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
MAX_ENTRIES = 1024
ENTRY_BYTES = 12


class ExifError(ValueError):
    """EXIF that cannot be followed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    place: int  # of the entry itself
    value: int  # where its value stands
    length: int


class ExifEditor:
    """EXIF being changed.

    Args:
        tiff: The bytes from the byte order on.

    Raises:
        ExifError: it cannot be followed. So may every method.
    """

    def __init__(self, tiff: bytes) -> None:
        self._data = bytearray(tiff)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
        if order is None:
            raise ExifError("no byte order")
        self._order = order
        (self._first,) = self._numbers("I", 4)
        list(self._entries(self._first))

    def tobytes(self) -> bytes:
        """The bytes as they are by now."""
        return bytes(self._data)

    def set_upright(self, *, swapped: bool) -> None:
        """Say that the pixels stand upright; `swapped` if rows and columns changed places."""
        for entry in self._entries(self._first):
            if entry.tag == ORIENTATION:
                self._set_number(entry, 1)
        for entry in self._below(EXIF_POINTER) if swapped else ():
            if entry.tag in (COLUMNS, ROWS):
                # Both tags stay in order, and their values change places.
                self._exchange(entry)

    def set_size(self, width: int, height: int) -> None:
        """Say how many pixels there are, where that is said."""
        for entry in self._below(EXIF_POINTER):
            if entry.tag in (COLUMNS, ROWS):
                self._set_number(entry, width if entry.tag == COLUMNS else height)

    def drop_thumbnail(self) -> None:
        """Erase the small copy of the picture, which shows what has been removed from it."""
        pointer = self._first + 2 + ENTRY_BYTES * self._count(self._first)
        if pointer + 4 > len(self._data):
            return  # some writers end with the last entry
        (second,) = self._numbers("I", pointer)
        struct.pack_into(self._order + "I", self._data, pointer, 0)
        if second == 0 or second >= len(self._data):
            return
        self._erase_directory(second, with_picture=True)
        self._shorten(max(len(self._data.rstrip(b"\0")), pointer + 4))

    def drop_location(self) -> None:
        """Erase the position, and what may hold a copy of it."""
        directories = [self._first, *self._pointed(self._first, EXIF_POINTER)]
        for directory in directories:
            for entry in list(self._entries(directory)):
                if entry.tag == GPS_POINTER:
                    (position,) = self._numbers("I", entry.value)
                    self._erase_directory(position)
        for directory in directories:
            self._drop_entries(directory, (GPS_POINTER, *TELLING))
        self._erase_unused()

    def _shorten(self, length: int) -> None:
        """Cut zeros off the end that no value stands in."""
        del self._data[max(length, *(end for _, end in self._used())) :]

    def _erase_unused(self) -> None:
        """Erase what no entry leads to: in damaged EXIF the position may lie there."""
        used = bytearray(len(self._data))
        for start, end in self._used():
            used[start:end] = b"\1" * (end - start)
        self._data = bytearray(
            byte if is_used else 0 for byte, is_used in zip(self._data, used, strict=False)
        )

    def _used(self) -> list[tuple[int, int]]:
        """Where the head, the directories and their values stand."""
        used = [(0, 8)]
        directories = [self._first]
        for directory in directories:
            end = directory + 6 + ENTRY_BYTES * self._count(directory)
            used.append((directory, min(end, len(self._data))))
            for entry in self._entries(directory):
                used.append((entry.value, entry.value + entry.length))
                if entry.tag in POINTERS and len(directories) < 8:
                    directories.append(self._number(entry))
        return used

    def _erase_directory(self, directory: int, *, with_picture: bool = False) -> None:
        entries = list(self._entries(directory))
        numbers = {entry.tag: self._number(entry) for entry in entries if entry.count == 1}
        if with_picture:
            for start, length in ((THUMBNAIL, THUMBNAIL_BYTES), (STRIPS, STRIP_BYTES)):
                if start in numbers and length in numbers:
                    self._erase(numbers[start], numbers[length])
        for entry in entries:
            self._erase(entry.value, entry.length)
        self._erase(directory, 6 + ENTRY_BYTES * len(entries))

    def _drop_entries(self, directory: int, tags: tuple[int, ...]) -> None:
        entries = list(self._entries(directory))
        start, end = directory + 2, directory + 2 + ENTRY_BYTES * len(entries)
        following = bytes(self._data[end : end + 4])
        kept = []
        for entry in entries:
            if entry.tag in tags:
                self._erase(entry.value, entry.length)
        for entry in entries:
            if entry.tag not in tags:
                kept.append(bytes(self._data[entry.place : entry.place + ENTRY_BYTES]))
        table = b"".join(kept) + following
        self._data[start : end + len(following)] = table.ljust(end + len(following) - start, b"\0")
        struct.pack_into(self._order + "H", self._data, directory, len(kept))

    def _erase(self, start: int, length: int) -> None:
        end = min(start + length, len(self._data))
        if start < end:
            self._data[start:end] = bytes(end - start)

    def _below(self, pointer: int) -> Iterator[_Entry]:
        for directory in self._pointed(self._first, pointer):
            yield from self._entries(directory)

    def _pointed(self, directory: int, tag: int) -> list[int]:
        return [self._number(entry) or 0 for entry in self._entries(directory) if entry.tag == tag]

    def _entries(self, directory: int) -> Iterator[_Entry]:
        for index in range(self._count(directory)):
            place = directory + 2 + index * ENTRY_BYTES
            tag, kind, count = self._numbers("HHI", place)
            length = SIZES.get(kind, 0) * count
            if length == 0 and count:
                raise ExifError("a type that does not exist")
            value = place + 8
            if length > 4:
                (value,) = self._numbers("I", place + 8)
            if value + length > len(self._data):
                raise ExifError("a value behind the end")
            yield _Entry(tag, kind, count, place, value, length)

    def _count(self, directory: int) -> int:
        (count,) = self._numbers("H", directory)
        if directory < 8 or count > MAX_ENTRIES:
            raise ExifError("no directory")
        return count

    def _number(self, entry: _Entry) -> int:
        format_ = {1: "B", 3: "H", 4: "I", 9: "i", 13: "I"}.get(entry.kind)
        if format_ is None or entry.count < 1:
            return 0
        return self._numbers(format_, entry.value)[0]

    def _set_number(self, entry: _Entry, number: int) -> None:
        format_ = {1: "B", 3: "H", 4: "I", 9: "i"}.get(entry.kind)
        if format_ is None or entry.count < 1:
            raise ExifError("a number of no kind")
        try:
            struct.pack_into(self._order + format_, self._data, entry.value, number)
        except struct.error as error:
            raise ExifError("a number too large for its kind") from error

    def _exchange(self, entry: _Entry) -> None:
        """Call columns rows and rows columns, by their tags."""
        tag = ROWS if entry.tag == COLUMNS else COLUMNS
        struct.pack_into(self._order + "H", self._data, entry.place, tag)

    def _numbers(self, format_: str, place: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self._order + format_, self._data, place)
        except struct.error as error:
            raise ExifError("cut off") from error

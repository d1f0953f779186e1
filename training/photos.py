"""Folders of photos: found, decoded and kept in memory; broken ones are counted, never fatal."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
GIB = 2**30


class PhotoFolder:
    """All photos below one or more folders, nested as they may be (ImageNet, Places, plain).

    Args:
        roots: folders to search.
        cache_bytes: decoded photos are kept in memory up to this many bytes in all.

    Raises:
        FileNotFoundError: a folder does not exist.
        ValueError: no photo was found.
    """

    def __init__(self, roots: Iterable[str | Path], cache_bytes: int = 8 * GIB) -> None:
        folders = [Path(root) for root in roots]
        for folder in folders:
            if not folder.is_dir():
                raise FileNotFoundError(f"No folder at {folder}.")
        self.paths = [path for folder in folders for path in _photos_below(folder)]
        if not self.paths:
            raise ValueError(f"No photos below {', '.join(map(str, folders))}.")
        self.broken: set[int] = set()
        self._cache: dict[int, NDArray[np.uint8]] = {}
        self._room = cache_bytes
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> NDArray[np.uint8] | None:
        """Decode photo `index` to `(H, W, 3)` RGB, upright; None where it is broken."""
        photo = self._cache.get(index)
        if photo is not None or index in self.broken:
            return photo
        photo = read_photo(self.paths[index])
        with self._lock:
            if photo is None:
                if index not in self.broken:
                    logger.warning("Skipped broken photo %s", self.paths[index])
                self.broken.add(index)
            elif photo.nbytes <= self._room and index not in self._cache:
                self._cache[index] = photo
                self._room -= photo.nbytes
        return photo

    def fingerprint(self) -> str:
        """SHA-256 of the list of file names and sizes: tells whether two runs saw the same data."""
        lines = (f"{path.name} {path.stat().st_size}" for path in self.paths)
        return sha256("\n".join(lines).encode()).hexdigest()


def read_photo(path: Path) -> NDArray[np.uint8] | None:
    """Decode a photo to `(H, W, 3)` RGB, 8 bit, upright by its EXIF orientation.

    Returns:
        None where the file is not a readable picture.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    if not data.size:
        return None
    try:
        return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)  # type: ignore[return-value]
    except cv2.error:
        return None


def _photos_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)

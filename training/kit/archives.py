"""Archives of photos: written here, decoded there (OpenCV)."""

from __future__ import annotations

import json
import logging
import random
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.canvas import lay_on_canvas
from training.learning.store import Photos

CHANCES = "chances.json"
QUALITY = 90
"""Of WebP, for photos that are larger than the canvas."""

logger = logging.getLogger(__name__)


def write_archives(
    folder: Path,
    paths: Sequence[Path],
    chances: Sequence[float],
    canvas: tuple[int, int],
    most_bytes: int,
) -> tuple[list[Path], int]:
    """Write photos into archives, in an order drawn once, so that archives are alike.

    Photos that fit the canvas keep their bytes; larger ones are scaled down and cut. Broken ones
    and those that are never drawn are left out.

    Args:
        folder: where the archives go.
        paths: the photos.
        chances: of being drawn, one a photo.
        canvas: height and width.
        most_bytes: of an archive.

    Returns:
        The archives, and how many photos are in the fullest.

    Raises:
        ValueError: no photo is left.
    """
    order = [number for number, chance in enumerate(chances) if chance > 0]
    random.Random(0).shuffle(order)
    groups: list[list[tuple[str, bytes, float]]] = [[]]
    size = 0
    for number in order:
        data = _sent(paths[number], canvas)
        if data is None:
            logger.warning("Left out broken photo %s", paths[number])
            continue
        if groups[-1] and size + len(data) > most_bytes:
            groups.append([])
            size = 0
        size += len(data)
        groups[-1].append((f"{number:07d}", data, float(chances[number])))
    if not groups[0]:
        raise ValueError(f"None of {len(paths)} photos can be sent.")
    archives = []
    for index, group in enumerate(groups):
        archives.append(folder / f"photos-{index:03d}.zip")
        with zipfile.ZipFile(archives[-1], "w", zipfile.ZIP_STORED) as archive:
            for name, data, _ in group:
                archive.writestr(name, data)
            archive.writestr(CHANCES, json.dumps({name: chance for name, _, chance in group}))
    return archives, max(map(len, groups))


def _sent(path: Path, canvas: tuple[int, int]) -> bytes | None:
    data = path.read_bytes()
    photo = _decode(data)
    if photo is None:
        return None
    height, width = sorted(photo.shape[:2])
    if height <= canvas[0] and width <= canvas[1]:
        return data
    laid, (rows, columns, turned) = lay_on_canvas(photo, *canvas)
    small = laid[:rows, :columns]
    small = small.transpose(1, 0, 2) if turned else small
    options = [cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    _, encoded = cv2.imencode(".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), options)
    return encoded.tobytes()


def _decode(data: bytes) -> NDArray[np.uint8] | None:
    if not data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)  # type: ignore[return-value]
    except cv2.error:
        return None


def read_archive(path: Path, canvas: tuple[int, int], count: int, workers: int = 8) -> Photos:
    """Decode an archive onto `count` canvases; those left over are never drawn."""
    pixels = np.zeros((count, *canvas, 3), np.uint8)
    sizes = np.ones((count, 3), np.int32)
    chances = np.zeros(count, np.float32)
    with zipfile.ZipFile(path) as archive:
        of_name = json.loads(archive.read(CHANCES))
        photos = [(archive.read(name), chance) for name, chance in of_name.items()]

    def lay(number: int) -> None:
        data, chance = photos[number]
        photo = _decode(data)
        if photo is not None:
            pixels[number], sizes[number] = lay_on_canvas(photo, *canvas)
            chances[number] = chance

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lay, range(len(photos))))
    return Photos(pixels, sizes, chances)

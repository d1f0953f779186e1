"""Photos of any size onto canvases of one size, decoded once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.learning.store import Photos
from training.photos import PhotoFolder, read_photo

logger = logging.getLogger(__name__)


def lay_on_canvas(
    photo: NDArray[np.uint8], height: int, width: int
) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    """Lay a photo `(h, w, 3)` into the upper left corner of a canvas.

    Portraits are laid on their side. A photo higher than the canvas is scaled down to its height,
    never up; what is then wider than the canvas is cut off on both sides alike. The rest of the
    canvas repeats the photo's edge.

    Returns:
        The canvas `(height, width, 3)`; rows and columns in use, and 1 if the photo lies turned.
    """
    turned = photo.shape[0] > photo.shape[1]
    if turned:
        photo = photo.transpose(1, 0, 2)
    rows, columns = photo.shape[:2]
    if rows > height:
        columns = max(height, round(columns * height / rows))
        photo = np.asarray(
            cv2.resize(photo, (columns, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        rows = height
    if columns > width:
        left = (columns - width) // 2
        photo, columns = photo[:, left : left + width], width
    padding = ((0, height - rows), (0, width - columns), (0, 0))
    return np.pad(photo, padding, mode="edge"), (rows, columns, int(turned))


def decode(
    folder: PhotoFolder,
    chances: Sequence[float] | NDArray[np.float64],
    canvas: tuple[int, int],
    *,
    workers: int = 2,
    spill: Path | None = None,
    quiet: bool = False,
) -> Photos:
    """Decode a folder's photos; broken ones are warned about, kept in `folder.broken`, left out.

    Args:
        folder: the photos.
        chances: of being drawn, one a photo.
        canvas: height and width.
        workers: threads that decode.
        spill: a file that keeps the pixels instead of memory.
        quiet: no progress bar.

    Raises:
        ValueError: no photo can be read.
    """
    shape = (len(folder), *canvas, 3)
    pixels = (
        np.empty(shape, np.uint8)
        if spill is None
        else np.lib.format.open_memmap(spill, "w+", np.uint8, shape)
    )
    sizes = np.zeros((len(folder), 3), np.int32)

    def read(index: int) -> None:
        photo = read_photo(folder.paths[index])
        if photo is None:
            logger.warning("Skipped broken photo %s", folder.paths[index])
            folder.broken.add(index)
            return
        pixels[index], sizes[index] = lay_on_canvas(photo, *canvas)

    with ThreadPoolExecutor(workers) as pool:
        work = pool.map(read, range(len(folder)))
        disable = True if quiet else None  # None: where there is no terminal
        for _ in tqdm(work, "decoding", len(folder), unit="photo", disable=disable):
            pass
    kept = np.where(sizes[:, 0] > 0, np.asarray(chances), 0).astype(np.float32)
    if len(folder.broken) == len(folder):
        raise ValueError(f"None of {len(folder)} photos can be read.")
    return Photos(pixels, sizes, kept)

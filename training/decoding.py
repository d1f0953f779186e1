"""Folders of photos into one array of canvases, decoded once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.canvas import lay_on_canvas
from training.learning.store import Photos
from training.photos import PhotoFolder, read_photo

logger = logging.getLogger(__name__)


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
            pixels[index] = 0  # whatever lay in memory there would differ from run to run
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

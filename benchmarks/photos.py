"""Large photos for benchmarks, made of small ones where nothing larger is to be had."""

from pathlib import Path

import cv2
import numpy as np

from service.arrays import Image


def large_photo(path: Path, height: int, width: int, zoom: float = 2.0) -> Image:
    """A photo of any size: a small one enlarged by `zoom` and mirrored at its edges.

    Mirroring keeps the sharpness of the small photo and makes no edges of its own, which enlarging
    alone, or tiling side by side, would not.
    """
    small = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if small is None:
        raise SystemExit(f"{path} is not a photo that OpenCV reads")
    tile = cv2.resize(small, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LANCZOS4)
    tile = np.concatenate((tile, tile[:, ::-1]), axis=1)
    tile = np.concatenate((tile, tile[::-1]), axis=0)
    times = -(-height // tile.shape[0]), -(-width // tile.shape[1]), 1
    return np.ascontiguousarray(np.tile(tile, times)[:height, :width]).astype(np.uint8)


def photos_in(folder: Path, count: int) -> list[Path]:
    """`count` photos of a folder, evenly spread over its names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".png"))
    if len(paths) < count:
        raise SystemExit(f"{folder} has {len(paths)} photos, {count} are needed")
    return [paths[index * len(paths) // count] for index in range(count)]

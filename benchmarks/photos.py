"""Large photos for benchmarks, made of small ones where nothing larger is to be had."""

from pathlib import Path

import cv2
import numpy as np

from service.arrays import Hole, Image

BUNDLED = Path(__file__).resolve().parents[1] / "docs" / "photos"
GRAIN = 3  # standard deviation of a camera's noise, in levels of 255


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


def bundled_photos() -> list[Path]:
    """The photos of this repository."""
    return sorted(BUNDLED.glob("*.jpg"))


def camera_photo(height: int, width: int) -> Image:
    """A bundled photo enlarged to any size, with a camera's noise.

    Without the noise an enlarged photo would be smoother than any camera's, and files of it smaller
    and faster to write.
    """
    photo = large_photo(bundled_photos()[-1], height, width).astype(np.float32)
    photo += np.random.default_rng(0).normal(0, GRAIN, photo.shape).astype(np.float32)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8)


def scratches(side: int) -> Hole:
    """Lines of two pixels all over a square picture."""
    hole = np.zeros((side, side), np.bool_)
    hole[40::80] = hole[41::80] = True
    return hole


def square_holes(height: int, width: int, side: int, *corners: tuple[int, int]) -> Hole:
    """Square holes with the given top left corners; (H, W) bool, True is hole."""
    hole = np.zeros((height, width), np.bool_)
    for row, column in corners:
        hole[row : row + side, column : column + side] = True
    return hole


def photos_in(folder: Path, count: int) -> list[Path]:
    """`count` photos of a folder, evenly spread over its names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".png"))
    if len(paths) < count:
        raise SystemExit(f"{folder} has {len(paths)} photos, {count} are needed")
    return [paths[index * len(paths) // count] for index in range(count)]

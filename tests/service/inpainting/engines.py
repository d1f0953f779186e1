"""Predictors for tests, each a few lines of NumPy whose answers can be worked out by hand."""

import numpy as np

from service.arrays import Holes, Image, Images, Infer


def coded_photo(height: int, width: int) -> Image:
    """A photo (H, W, 3) whose every pixel tells its own place; sides up to 4096."""
    y, x = np.mgrid[:height, :width]
    return np.stack((y & 255, x & 255, (y >> 8 << 4) | x >> 8), axis=-1).astype(np.uint8)


def plane_photo(height: int, width: int) -> Image:
    """A photo (H, W, 3) whose colours change linearly, each channel in its own direction."""
    y, x = np.mgrid[:height, :width] / max(height, width, 2)
    return np.stack((20 + 200 * y, 220 - 150 * x, 30 + 90 * y + 90 * x), axis=-1).astype(np.uint8)


def truth_of(photo: Image) -> Infer:
    """Predicts the truth of a coded photo at native resolution, wherever a window lies."""

    def infer(images: Images, holes: Holes) -> Images:
        size = images.shape[1]
        padded = np.pad(photo, ((size, size), (size, size), (0, 0)))
        predictions = np.empty_like(images)
        for image, hole, prediction in zip(images, holes, predictions, strict=True):
            row, column = np.argwhere(~hole)[0]
            low_y, low_x, high = (int(value) for value in image[row, column])
            top, left = (high >> 4 << 8 | low_y) - row, ((high & 15) << 8 | low_x) - column
            prediction[:] = padded[top + size : top + 2 * size, left + size : left + 2 * size]
        return predictions

    return infer


def plane(images: Images, holes: Holes) -> Images:
    """Predicts the plane that fits the known pixels of each window best."""
    y, x = np.mgrid[: images.shape[1], : images.shape[2]]
    terms = np.stack((np.ones_like(y), y, x), axis=-1).astype(np.float64)
    predictions = np.empty_like(images)
    for image, hole, prediction in zip(images, holes, predictions, strict=True):
        factors, *_ = np.linalg.lstsq(terms[~hole], image[~hole].astype(np.float64), rcond=None)
        prediction[:] = np.rint(terms @ factors).clip(0, 255)
    return predictions


def mean(images: Images, holes: Holes) -> Images:
    """Predicts the mean colour of the known pixels of each window."""
    predictions = np.empty_like(images)
    for image, hole, prediction in zip(images, holes, predictions, strict=True):
        prediction[:] = np.rint(image[~hole].mean(axis=0))
    return predictions


def noise(images: Images, holes: Holes) -> Images:
    """Predicts noise that depends on what the window shows and on nothing else."""
    assert (~holes).any(axis=(1, 2)).all(), "a window that shows nothing known"
    predictions = np.empty_like(images)
    for image, hole, prediction in zip(images, holes, predictions, strict=True):
        seed = (int(image.sum(dtype=np.int64)) * 31 + int(hole.sum())) % 2**32
        prediction[:] = np.random.default_rng(seed).integers(0, 256, image.shape, np.uint8)
    return predictions

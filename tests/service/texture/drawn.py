"""Drawn patterns, whose continuation is known, and poor fills of their holes."""

import cv2
import numpy as np

from service.arrays import Hole, Image

SIDE = 400


def checkers(side: int) -> Image:
    """A chess board of squares of so many pixels."""
    rows, columns = np.mgrid[:SIDE, :SIDE] // side
    return _coloured((rows + columns) % 2, (40, 60, 90), (220, 210, 190))


def stripes() -> Image:
    """Slanted stripes."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return _coloured((rows + 2 * columns) // 14 % 2, (200, 60, 40), (240, 230, 220))


def dots() -> Image:
    """Discs on a grid."""
    rows, columns = np.mgrid[:SIDE, :SIDE] % 24 - 12
    return _coloured(rows**2 + columns**2 < 60, (30, 30, 120), (250, 220, 60))


def facade() -> Image:
    """Windows with frames and sills in a wall."""
    image = np.full((SIDE, SIDE, 3), (180, 120, 90), np.uint8)
    for top in range(10, SIDE, 52):
        for left in range(8, SIDE, 40):
            cv2.rectangle(image, (left, top), (left + 22, top + 30), (240, 240, 235), -1)
            cv2.rectangle(image, (left + 3, top + 3), (left + 19, top + 27), (60, 80, 110), -1)
            cv2.line(image, (left - 3, top + 34), (left + 25, top + 34), (120, 120, 120), 2)
    return image


def facade_at_a_slant(slant: float) -> Image:
    """Windows in a wall whose far side is shorter than the near one by twice `slant`."""
    side = 3 * SIDE
    image = np.full((side, side, 3), (176, 160, 140), np.uint8)
    for top in range(30, side, 150):
        cv2.line(image, (0, top - 20), (side, top - 20), (120, 105, 90), 6)
        for left in range(20, side, 105):
            cv2.rectangle(image, (left, top), (left + 60, top + 90), (60, 70, 90), -1)
            cv2.rectangle(image, (left, top), (left + 60, top + 90), (225, 220, 210), 6)
            cv2.line(image, (left + 30, top), (left + 30, top + 90), (225, 220, 210), 5)
    soft = cv2.GaussianBlur(image, (0, 0), 1.3)
    return np.asarray(cv2.warpPerspective(soft, view(slant), (SIDE, SIDE)), np.uint8)


def view(slant: float) -> np.ndarray:
    """(3, 3): from a wall of windows 105 apart in rows 150 apart to how it is seen at a slant."""
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    seen = np.array([(0, 0), (1, slant), (1, 1 - slant), (0, 1)], np.float32) - np.float32(0.5)
    seen = SIDE * (seen * np.float32(1 + 2.2 * slant) + np.float32(0.5))  # it fills the picture
    return np.asarray(cv2.getPerspectiveTransform(3 * SIDE * square, seen))


def middle_hole() -> Hole:
    """A square of a quarter of the side in the middle."""
    hole = np.zeros((SIDE, SIDE), np.bool_)
    quarter = SIDE // 8
    hole[SIDE // 2 - quarter : SIDE // 2 + quarter, SIDE // 2 - quarter : SIDE // 2 + quarter] = (
        True
    )
    return hole


def poorly_filled(image: Image, hole: Hole) -> Image:
    """The photo with the mean colour in its hole."""
    filled = image.copy()
    filled[hole] = image[~hole].mean(axis=0)
    return filled


def psnr(image: Image, truth: Image, hole: Hole) -> float:
    """In the hole, in dB."""
    error = np.mean((image[hole].astype(float) - truth[hole]) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def _coloured(flags: np.ndarray, one: tuple[int, ...], other: tuple[int, ...]) -> Image:
    return np.where(flags[..., np.newaxis] > 0, np.uint8(one), np.uint8(other))

"""How close a filled picture comes to the truth.

Pictures are uint8 RGB, (H, W, 3). Whole-picture PSNR, SSIM and l1 are the columns of Table 1 in
Liu et al. 2018; sharpness tells whether they were bought by blur.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

PEAK = 255.0
PSNR_CEILING = 100.0
"""Reported for equal pictures, so that means stay finite; one level in one sample of a 256x256
picture is 101 dB."""

SSIM_RADIUS = 5
SSIM_SIGMA = 1.5
SSIM_C1 = (0.01 * PEAK) ** 2
SSIM_C2 = (0.03 * PEAK) ** 2


def psnr(picture: Picture, truth: Picture, where: NDArray[np.bool_] | None = None) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 100.

    Args:
        picture: (H, W, 3).
        truth: (H, W, 3).
        where: (H, W), the pixels that count; all if None.
    """
    error = picture.astype(np.float64) - truth
    mean_square = float(np.mean(np.square(error if where is None else error[where])))
    if mean_square == 0:
        return PSNR_CEILING
    return float(min(PSNR_CEILING, 10 * np.log10(PEAK**2 / mean_square)))


def l1_percent(picture: Picture, truth: Picture) -> float:
    """Return the mean absolute difference in percent of full scale."""
    return float(100 * np.mean(cv2.absdiff(picture, truth)) / PEAK)


def ssim(picture: Picture, truth: Picture) -> float:
    """Return the structural similarity, mean over channels and pixels, at most 1.

    After Wang et al. 2004: 11x11 Gaussian windows of sigma 1.5, K1 = 0.01, K2 = 0.03, population
    covariance, over those windows that lie wholly inside the picture.
    """
    x, y = picture.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y = _window_means(x), _window_means(y)
    square_x, square_y, product = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    variance_sum = _window_means(x * x + y * y) - square_x - square_y
    covariance = _window_means(x * y) - product
    luminance = (2 * product + SSIM_C1) / (square_x + square_y + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (variance_sum + SSIM_C2)
    return float(np.mean(luminance * structure))


def gradient(picture: Picture, where: NDArray[np.bool_]) -> float:
    """Return the mean gradient magnitude of the luma over some pixels, in levels per pixel.

    Central differences, with the picture's edge repeated outward. Sharpness is this figure of the
    filled picture, inside the hole, over the truth's.
    """
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    padded = np.pad(luma, 1, mode="edge")
    rows = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    columns = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return float(np.hypot(rows, columns)[where].mean())


def _window_means(channels: NDArray[np.float64]) -> NDArray[Any]:
    side = 2 * SSIM_RADIUS + 1
    means = cv2.GaussianBlur(channels, (side, side), SSIM_SIGMA)
    inside = slice(SSIM_RADIUS, -SSIM_RADIUS)
    return np.asarray(means)[inside, inside]

"""Takes the lattice's grid of dots out of a prediction.

A network that completes a lattice less than perfectly draws its points a little brighter or darker
than the pixels between them. That error repeats with the lattice, unlike a picture's own detail: it
is what remains of each lattice phase after averaging over many periods.
"""

import cv2
import numpy as np

from service.arrays import Hole, Image
from service.inpainting.boxes import extent

PERIODS = 9
"""Periods along each axis over which a phase is averaged: few enough to follow slow changes."""


def descreen(image: Image, mask: Hole, period: int) -> Image:
    """Remove what repeats with the lattice inside the mask.

    Args:
        image: (S, S, 3) uint8, a window's prediction; S is a multiple of `period`.
        mask: (S, S) bool, the pixels to correct.
        period: Pixels from one lattice point to the next, even.

    Returns:
        A new image, equal outside the mask.
    """
    if not mask.any():
        return image
    # Averages reach half of their periods, and smoothing one more, beyond the mask.
    reach = PERIODS // 2 + 1
    cells = extent(mask).reduce(period).grow(reach, reach)
    box = cells.enlarge(period).clip(*mask.shape).slices
    result = image.copy()
    result[box] = _descreened(image[box], mask[box], period)
    return result


def _descreened(image: Image, mask: Hole, period: int) -> Image:
    picture = image.astype(np.float32)
    detail = (picture - _smooth(picture, period)) * mask[..., None]
    by_phase = (len(mask) // period, period, mask.shape[1] // period, period)
    pattern = np.zeros((*by_phase, 3), np.float32)
    window = (PERIODS, PERIODS)
    details, weights = detail.reshape(*by_phase, 3), mask.astype(np.float32).reshape(by_phase)
    for row in range(period):
        for column in range(period):
            count = cv2.boxFilter(np.ascontiguousarray(weights[:, row, :, column]), -1, window)
            total = cv2.boxFilter(np.ascontiguousarray(details[:, row, :, column]), -1, window)
            share = np.maximum(count, 0.5 / PERIODS**2)[..., None]
            pattern[:, row, :, column] = total / share
    # Brightness itself is no pattern.
    pattern -= pattern.mean(axis=(1, 3), keepdims=True)
    result = np.rint(picture - pattern.reshape(picture.shape)).clip(0, 255).astype(np.uint8)
    return np.where(mask[..., None], result, image)


def _smooth(picture: np.ndarray, period: int) -> np.ndarray:
    """A mean over one period along each axis, in which nothing of that period is left."""
    taps = np.full(period + 1, 1 / period, np.float32)
    taps[[0, -1]] /= 2
    return cv2.sepFilter2D(picture, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)

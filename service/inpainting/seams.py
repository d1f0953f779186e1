"""Seam correction: the known error on the hole's rim is spread smoothly into the hole.

The network predicts known pixels too, so its error on the known pixels around the hole is known.
A membrane (a solution of Laplace's equation in the hole with that error as boundary values, as in
Perez, Gangnet and Blake, "Poisson Image Editing", 2003) is subtracted from the prediction, which
then meets the photo without a step. Gradients inside the hole change only by the membrane's own,
which are gentle, so the fill keeps its sharpness.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image

SWEEPS = 6
"""Relaxation sweeps per level: the start from the coarser level leaves only local error to them."""

Field = NDArray[np.float32]

_CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
_RING = np.ones((3, 3), np.uint8)


def correct_seams(prediction: Image, image: Image, known: Hole, target: Hole) -> Image:
    """Subtract the membrane of the rim's error from a prediction.

    Args:
        prediction: (S, S, 3) uint8, the network's picture of the whole window.
        image: (S, S, 3) uint8, the window of the photo; read at known pixels only.
        known: (S, S) bool, True where the photo's pixel is known.
        target: (S, S) bool, the hole's pixels to correct; none of them known.

    Returns:
        (S, S, 3) uint8: `prediction`, corrected in `target`. Without any known pixel beside the
        target there is nothing to correct by, and the prediction comes back as it is.
    """
    rim = known & (cv2.dilate(target.view(np.uint8), _RING) > 0)
    if not rim.any():
        return prediction
    crop = _extent(rim | target)
    before = prediction[crop].astype(np.float32)
    after = before - membrane(before - image[crop], rim[crop])
    corrected = prediction.copy()
    rounded = np.rint(after).clip(0, 255).astype(np.uint8)
    cv2.copyTo(rounded, target[crop].view(np.uint8), corrected[crop])
    return corrected


def _extent(mask: Hole) -> tuple[slice, slice]:
    """Rows and columns from the first to the last that the mask touches."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def membrane(values: Field, known: Hole) -> Field:
    """Extend values smoothly from where they are known to everywhere else.

    Solves Laplace's equation with the known values as boundary and no flow across the array's
    edges: from coarse to fine, a few relaxation sweeps on each level of a pyramid.

    Args:
        values: (H, W, 3) float32; read where known only.
        known: (H, W) bool, at least one True.

    Returns:
        (H, W, 3) float32, equal to `values` where known.
    """
    weight = known.astype(np.float32)
    return _solve(values * weight[..., None], weight)


def _solve(weighted: Field, weight: Field) -> Field:
    """`weighted` holds value times weight, `weight` how much of the cell is known, 0..1."""
    fixed = weight > 0
    values = np.divide(weighted, np.maximum(weight, 1e-30)[..., None], dtype=np.float32)
    if fixed.all():
        return values
    height, width = weight.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    pad = ((0, height % 2), (0, width % 2))
    coarse = _solve(
        _resize(np.pad(weighted, (*pad, (0, 0))), half, cv2.INTER_AREA),
        _resize(np.pad(weight, pad), half, cv2.INTER_AREA),
    )
    doubled = _resize(coarse, (half[0] * 2, half[1] * 2), cv2.INTER_LINEAR)
    result = np.ascontiguousarray(doubled[:height, :width])
    mask = fixed.view(np.uint8)
    for _ in range(SWEEPS):
        cv2.copyTo(values, mask, result)
        relaxed = cv2.filter2D(result, -1, _CROSS, borderType=cv2.BORDER_REPLICATE)
        result = np.asarray(relaxed, np.float32)
    cv2.copyTo(values, mask, result)
    return result


def _resize(values: Field, size: tuple[int, int], interpolation: int) -> Field:
    return np.asarray(cv2.resize(values, size, interpolation=interpolation), np.float32)

"""Seam correction: the step at the hole's rim is spread smoothly into the hole.

A membrane (a solution of Laplace's equation in the hole, as in Perez, Gangnet and Blake, "Poisson
Image Editing", 2003) takes the prediction from where it meets the photo's edge of the hole to where
the photo is. Gradients inside the hole change only by the membrane's own, which are gentle, so the
fill keeps its sharpness.

The membrane's boundary values are the steps that would be seen: the prediction just inside the hole
less the known pixel beside it. The network's error on the known pixel itself is a poorer guide,
because its picture has a step of its own where known pixels end. That error does bound the
correction, though: where the network is right about the known pixels, what looks like a step is
an edge in the picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.inpainting.boxes import extent

Field = NDArray[np.float32]

SWEEPS = 6
"""Relaxation sweeps per level: the start from the coarser level leaves only local error to them."""

AROUND = 5
"""Side in pixels of the squares in which prediction and error are averaged at a rim pixel."""

ALONG = 3
"""Side in pixels of the square over which steps are averaged along the rim."""

TRUST = 2.0
"""A step is corrected by at most this many times the network's mean error beside it."""

UNTRUSTED_STEP = 12.0
"""Most levels that a step is corrected by where the network does not predict known pixels, so that
nothing tells its error from an edge in the picture."""

_CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
_RING = np.ones((3, 3), np.uint8)


def correct_seams(
    prediction: Image, image: Image, known: Hole, target: Hole, *, trusted: bool = True
) -> Image:
    """Subtract the membrane over the rim's steps from a prediction.

    Args:
        prediction: (S, S, 3) uint8, the network's picture of the whole window.
        image: (S, S, 3) uint8, the window of the photo; read at known pixels only.
        known: (S, S) bool, True where the photo's pixel is known.
        target: (S, S) bool, the hole's pixels to correct; none of them known.
        trusted: Whether `prediction` shows the network's error at known pixels.

    Returns:
        (S, S, 3) uint8: `prediction`, corrected in `target`. Without any known pixel beside the
        target there is nothing to correct by, and the prediction comes back as it is.
    """
    rim = known & (cv2.dilate(target.view(np.uint8), _RING) > 0)
    if not rim.any():
        return prediction
    seen = cv2.dilate(target.view(np.uint8), _RING, iterations=AROUND // 2 + 1) > 0
    crop = extent(seen).slices
    before = np.ascontiguousarray(prediction[crop])
    steps = _steps(before, image[crop], known[crop], target[crop], rim[crop], trusted)
    after = cv2.subtract(before, membrane(steps, rim[crop]), dtype=cv2.CV_8U)
    corrected = prediction.copy()
    cv2.copyTo(after, target[crop].view(np.uint8), corrected[crop])
    return corrected


def _steps(
    prediction: Image, image: Image, known: Hole, target: Hole, rim: Hole, trusted: bool
) -> Field:
    """The steps across the rim, (H, W, 3); 0 away from it."""
    inside = _mean(prediction, target, AROUND)
    steps = _floats(cv2.subtract(inside, image, dst=inside, dtype=cv2.CV_32F))
    steps = _mean(steps, rim, ALONG)
    if trusted:
        bound = _mean(np.asarray(cv2.absdiff(prediction, image), np.uint8), known, AROUND)
        bound *= np.float32(TRUST)
    else:
        bound = np.full_like(steps, UNTRUSTED_STEP)
    bounded = cv2.max(cv2.min(steps, bound), -bound)
    return _floats(cv2.copyTo(bounded, rim.view(np.uint8)))


def _mean(values: Field | Image, mask: Hole, side: int) -> Field:
    """Mean of the masked values in the square around each pixel, 0 where it has none."""
    bits = mask.view(np.uint8)
    total, count = (
        cv2.boxFilter(
            part, cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        for part in (cv2.copyTo(values, bits), bits)
    )
    return _over(_floats(total), np.maximum(_floats(count), 1))


def _over(values: Field, weight: Field) -> Field:
    """(H, W, 3) over (H, W), in place. NumPy's broadcasting takes several times as long."""
    return _floats(cv2.divide(values, cv2.merge((weight,) * 3), dst=values))


def _floats(values: object) -> Field:
    """What OpenCV returned, with its type known."""
    return np.asarray(values, np.float32)


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
    weighted = cv2.copyTo(values, known.view(np.uint8))
    return _solve(_floats(weighted), known.astype(np.float32))


def _solve(weighted: Field, weight: Field) -> Field:
    """`weighted` holds value times weight, `weight` how much of the cell is known, 0..1."""
    fixed = weight > 0
    values = _over(weighted.copy(), np.maximum(weight, np.float32(1e-30)))
    if fixed.all():
        return values
    height, width = weight.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _solve(*(_resize(_even(part), half, cv2.INTER_AREA) for part in (weighted, weight)))
    doubled = _resize(coarse, (half[0] * 2, half[1] * 2), cv2.INTER_LINEAR)
    result = np.ascontiguousarray(doubled[:height, :width])
    mask = fixed.view(np.uint8)
    for _ in range(SWEEPS):
        cv2.copyTo(values, mask, result)
        result = _floats(cv2.filter2D(result, -1, _CROSS, borderType=cv2.BORDER_REPLICATE))
    cv2.copyTo(values, mask, result)
    return result


def _even(values: Field) -> Field:
    """Rows and columns made even in number by zeros at the end."""
    height, width = values.shape[:2]
    end = (0, height % 2, 0, width % 2)
    if not any(end):
        return values
    return _floats(cv2.copyMakeBorder(values, *end, cv2.BORDER_CONSTANT))


def _resize(values: Field, size: tuple[int, int], interpolation: int) -> Field:
    return _floats(cv2.resize(values, size, interpolation=interpolation))

"""Bicubic interpolation of a lattice: what a network has to beat on one."""

import cv2
import numpy as np

from training.evaluation.cases import LATTICE_OFFSET, LATTICE_STRIDE, Picture
from training.masks.source import Mask


def interpolate_lattice(image: Picture, mask: Mask) -> Picture:
    """Return (H, W, 3), interpolated between the protocol's lattice points alone.

    Args:
        image: (H, W, 3), of which only every 4th pixel of both directions is looked at.
        mask: (H, W), 1 where known.

    Raises:
        ValueError: a lattice point is not known.
    """
    points = (slice(LATTICE_OFFSET, None, LATTICE_STRIDE),) * 2
    if not mask[points].all():
        raise ValueError("every lattice point must be known to interpolate between them")
    places = [
        ((np.arange(side) - LATTICE_OFFSET) / LATTICE_STRIDE).astype(np.float32)
        for side in mask.shape
    ]
    rows, columns = np.meshgrid(*places, indexing="ij")
    values = cv2.remap(
        image[points].astype(np.float32),
        columns,
        rows,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)

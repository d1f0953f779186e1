"""The sparse lattice that carries a coarse fill to the next finer scale.

The network ignores what lies under the hole, so a coarse fill reaches it as known pixels: every
`LATTICE`-th pixel of the hole along both axes, as the paper does super-resolution with partial
convolutions (pixels offset, holes between them).
"""

import numpy as np

from service.arrays import Hole, Image
from service.inpainting.boxes import Box
from service.inpainting.layers import Layer

LATTICE = 4
"""Pixels from one known lattice point to the next."""


def add_lattice(
    image: Image, hole: Hole, mask: Hole, box: Box, factor: int, coarser: Layer
) -> tuple[Image, Hole]:
    """Mark lattice points in the hole as known, with the coarse fill's values.

    Args:
        image: (S, S, 3) uint8, a window of the finer scale.
        hole: (S, S) bool, its hole.
        mask: (S, S) bool, the part of the hole that `coarser` has filled.
        box: The window's place, in pixels of the finer scale.
        factor: Photo pixels per pixel of the finer scale.
        coarser: The filled coarser scale, which covers the mask.

    Returns:
        A new image and hole of the same shapes.
    """
    image, hole = image.copy(), hole.copy()
    rows = np.arange(-(box.top + LATTICE // 2) % LATTICE, box.height, LATTICE)
    columns = np.arange(-(box.left + LATTICE // 2) % LATTICE, box.width, LATTICE)
    y, x = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    inside = mask[y, x]
    y, x = y[inside], x[inside]
    ratio = coarser.factor // factor
    image[y, x] = coarser.image[
        (box.top + y) // ratio - coarser.top, (box.left + x) // ratio - coarser.left
    ]
    hole[y, x] = False
    return image, hole

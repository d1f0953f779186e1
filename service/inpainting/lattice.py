"""The sparse lattice that carries a coarse fill to the next finer scale.

The network ignores what lies under the hole, so a coarse fill reaches it as known pixels: one of
every few (`Traits.lattice`) along both axes, as the paper does super-resolution with partial
convolutions (pixels offset, holes between them).
"""

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.inpainting.boxes import Box
from service.inpainting.layers import Layer


def add_lattice(
    image: Image, hole: Hole, mask: Hole, box: Box, layer: Layer, coarser: Layer, period: int
) -> tuple[Image, Hole]:
    """Mark lattice points in the hole as known, with the coarse fill's values.

    Args:
        image: (S, S, 3) uint8, a window of `layer`.
        hole: (S, S) bool, its hole.
        mask: (S, S) bool, the part of the hole that `coarser` has filled.
        box: The window's place, in pixels of `layer`'s scale.
        layer: The finer scale.
        coarser: The filled coarser scale, which covers the mask.
        period: Pixels from one lattice point to the next.

    Returns:
        A new image and hole of the same shapes.
    """
    image, hole = image.copy(), hole.copy()
    height, width = layer.hole.shape
    rows = _points(box.top, box.height, layer.top + height, period)
    columns = _points(box.left, box.width, layer.left + width, period)
    y, x = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    inside = mask[y, x]
    y, x = y[inside], x[inside]
    ratio = coarser.factor // layer.factor
    image[y, x] = coarser.image[
        (box.top + y) // ratio - coarser.top, (box.left + x) // ratio - coarser.left
    ]
    hole[y, x] = False
    return image, hole


def _points(start: int, size: int, end: int, period: int) -> NDArray[np.intp]:
    """Lattice points along one axis of a window: in the middle of each `period` pixels.

    A photo that ends (`end`) before the first middle has its points at its last pixel instead.
    """
    phase = min(period // 2, end - 1)
    return np.arange((phase - start) % period, size, period)

"""A coarse fill as known pixels, for networks that complete no lattices.

What such a network reaches from the photo's known pixels it fills itself; deeper in the hole the
coarse fill is enlarged and pasted, and the network sees it as known.
"""

import cv2
import numpy as np

from service.arrays import Hole, Image
from service.inpainting.boxes import Box
from service.inpainting.layers import Layer


def paste_coarse(
    image: Image, hole: Hole, mask: Hole, box: Box, layer: Layer, coarser: Layer, reach: int
) -> tuple[Image, Hole]:
    """Paste the coarse fill where a hole is deeper than the network reaches.

    Args:
        image: (S, S, 3) uint8, a window of `layer`.
        hole: (S, S) bool, its hole.
        mask: (S, S) bool, the part of the hole that `coarser` has filled.
        box: The window's place, in pixels of `layer`'s scale.
        layer: The finer scale.
        coarser: The filled coarser scale, which covers the mask.
        reach: Pixels of this scale from the nearest known one.

    Returns:
        A new image and hole of the same shapes; what was pasted is no hole any more.
    """
    depth = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    deep = mask & (depth > reach)
    ratio = coarser.factor // layer.factor
    # Middles of pixels: fine pixel x lies at (x + 1/2) / ratio - 1/2 of the coarse ones.
    top, left = (
        (start + 0.5) / ratio - 0.5 - first
        for start, first in ((box.top, coarser.top), (box.left, coarser.left))
    )
    place = np.array([[1 / ratio, 0, left], [0, 1 / ratio, top]])
    enlarged = cv2.warpAffine(
        coarser.image,
        place,
        (box.width, box.height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.where(deep[..., None], enlarged, image).astype(np.uint8), hole & ~deep

"""A photo and its hole at one scale, as windows are cut from them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.inpainting.boxes import Box, cut, extent

STRIP_PIXELS = 1 << 20
"""Photo pixels reduced at a time, so that copies stay small."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of the photo at one scale.

    Attributes:
        image: (h, w, 3) uint8; what lies under the hole is not to be read.
        hole: (h, w) bool, True is hole.
        factor: Photo pixels per pixel of this layer.
        top: Row of the layer's first pixel, in pixels of this scale.
        left: Column of the layer's first pixel.
        unseen: (h, w) bool, the hole and what else is not known; by default the hole.
    """

    image: Image
    hole: Hole
    factor: int = 1
    top: int = 0
    left: int = 0
    unseen: Hole | None = None

    def window(self, box: Box) -> tuple[Image, Hole]:
        """Cut a window; what is not known of it, and all outside this layer, is black and hole."""
        local = self.place(box)
        image, hole = cut(self.image, local, 0), cut(self.missing, local, True)
        image[hole] = 0
        return image, hole

    @property
    def missing(self) -> Hole:
        """(h, w) bool: all that is not known."""
        return self.hole if self.unseen is None else self.unseen

    def place(self, box: Box) -> Box:
        """A box in pixels of this scale, counted from this layer's first pixel."""
        return box.shift(-self.top, -self.left)

    def hole_in(self, box: Box) -> Hole:
        """The hole in a box that lies inside this layer, as a view."""
        return self.hole[self.place(box).slices]

    def inside(self, box: Box) -> Box:
        """The part of a box that this layer has."""
        height, width = self.hole.shape
        return self.place(box).clip(height, width).shift(self.top, self.left)


def reduce(image: Image, hole: Hole, box: Box, factor: int) -> Layer:
    """Average blocks of `factor` x `factor` pixels, over their known pixels only.

    A pixel of the result is hole where its block has no known pixel.

    Args:
        image: (H, W, 3) uint8, the photo.
        hole: (H, W) bool, the photo's hole.
        box: The part to reduce, in pixels of the coarse scale, inside it.
        factor: Photo pixels per pixel of the result; a power of two.
    """
    coarse = np.empty((box.height, box.width, 3), np.uint8)
    coarse_hole = np.zeros((box.height, box.width), np.bool_)
    rows = max(1, STRIP_PIXELS // (factor * factor * box.width))
    for start in range(box.top, box.bottom, rows):
        strip = Box(start, box.left, min(start + rows, box.bottom), box.right)
        pixels = strip.enlarge(factor)
        colours, missing = cut(image, pixels, 0), cut(hole, pixels, True)
        target = strip.shift(-box.top, -box.left).slices
        size = (strip.width, strip.height)
        cv2.resize(colours, size, coarse[target], interpolation=cv2.INTER_AREA)
        if missing.any():
            # Floating point costs more, so only the blocks around the hole take it.
            blocks = extent(missing).reduce(factor)
            near = blocks.enlarge(factor).slices
            means, known = _means_of_known(colours[near], ~missing[near], factor)
            partly = known < 1
            coarse[target][blocks.slices][partly] = means[partly]
            coarse_hole[target][blocks.slices] = known == 0
    return Layer(coarse, coarse_hole, factor, box.top, box.left)


def _means_of_known(image: Image, known: Hole, factor: int) -> tuple[Image, NDArray[np.float32]]:
    """Each block's mean over its known pixels, and the share of them (exact: a power of two)."""
    size = (known.shape[1] // factor, known.shape[0] // factor)
    weight = known.astype(np.float32)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(image * weight[..., None], size, interpolation=cv2.INTER_AREA)
    means = np.rint(total / np.maximum(share, 1 / factor**2)[..., None]).clip(0, 255)
    return means.astype(np.uint8), np.asarray(share, np.float32)

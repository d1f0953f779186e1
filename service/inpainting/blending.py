"""Blending of overlapping windows by smooth weights.

Weights are whole numbers and so are the sums, so that the result is the same to the bit in whatever
order windows arrive, and a pixel that one window alone covers is exactly what that window says.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.inpainting.boxes import Box
from service.inpainting.tiling import OVERLAP

PEAK = 128
"""Weight along one axis in the middle of a window."""


@cache
def window_weights(size: int, ramp: int) -> NDArray[np.int32]:
    """Weights (size, size) of a window: 1..PEAK^2, raised cosines of length `ramp` at all sides."""
    position = (np.arange(size) + 0.5).clip(max=size - np.arange(size) - 0.5)
    rise = np.sin(np.pi / 2 * (position / ramp).clip(max=1)) ** 2
    line = np.maximum(1, np.rint(PEAK * rise)).astype(np.int32)
    weights: NDArray[np.int32] = np.multiply.outer(line, line)
    weights.flags.writeable = False
    return weights


class Paste:
    """One window alone, written as it is."""

    def __init__(self, target: Image) -> None:
        """Write into `target` (h, w, 3)."""
        self._target = target

    def add(self, place: Box, prediction: Image, mask: Hole) -> None:
        """Write the window; as `Blend.add`."""
        inside = place.clip(*self._target.shape[:2])
        if inside.height > 0 and inside.width > 0:
            source = inside.shift(-place.top, -place.left).slices
            written = mask[source].view(np.uint8)
            cv2.copyTo(prediction[source], written, self._target[inside.slices])

    def finish(self) -> None:
        """Nothing is left to be written."""


class Blend:
    """The weighted mean of windows, written out band by band as rows become complete.

    Only the rows that windows can still reach are held, so memory grows with the width of the area
    times the height of one window, not with its area.
    """

    def __init__(self, target: Image, area: Box, size: int) -> None:
        """Blend windows of side `size` into the part `area` of `target` (h, w, 3)."""
        self._target = target[area.slices]
        self._area = area
        self._ramp = size // OVERLAP
        self._top = 0
        rows = min(size, area.height)
        self._sum = np.zeros((rows, area.width, 3), np.int32)
        self._weight = np.zeros((rows, area.width), np.int32)

    def add(self, place: Box, prediction: Image, mask: Hole) -> None:
        """Add one window; windows come in the order of their first rows.

        Args:
            place: Where the window lies in the target; may reach over the area.
            prediction: (S, S, 3) uint8.
            mask: (S, S) bool: the pixels to write.
        """
        box = place.shift(-self._area.top, -self._area.left)
        inside = box.clip(self._area.height, self._area.width)
        if inside.height <= 0 or inside.width <= 0:
            return
        self._finish(inside.top)
        source = inside.shift(-box.top, -box.left).slices
        band = inside.shift(-self._top, 0).slices
        weights = window_weights(box.height, self._ramp)[source] * mask[source]
        self._sum[band] += prediction[source] * weights[..., None]
        self._weight[band] += weights

    def finish(self) -> None:
        """Write out what is left."""
        self._finish(len(self._target))

    def _finish(self, row: int) -> None:
        """Write out all rows above `row` and move the band down to it."""
        count = min(row - self._top, len(self._weight))
        if count <= 0:
            return
        weight = self._weight[:count]
        covered = weight > 0
        share = weight[covered][:, None]
        mean = (self._sum[:count][covered] + share // 2) // share
        rows = self._target[self._top : self._top + count]
        rows[covered[: len(rows)]] = mean
        for band in (self._sum, self._weight):
            kept = len(band) - count
            band[:kept] = band[count:]
            band[kept:] = 0
        self._top = row

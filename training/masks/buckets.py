"""The six ranges of hole ratio by which Liu et al. 2018 report their results."""

from typing import NamedTuple

import numpy as np

from training.masks.source import Mask


class Bucket(NamedTuple):
    """Hole ratios in ``(low, high]``, as shares of the picture's area."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g}]"

    def holds(self, ratio: float) -> bool:
        """Tell whether a hole ratio falls into this bucket."""
        return self.low < ratio <= self.high

    def pixel_range(self, area: int) -> tuple[int, int]:
        """Return the fewest and the most hole pixels that fall into this bucket, both included.

        Raises:
            ValueError: no whole number of pixels out of ``area`` does.
        """
        # A ratio is a quotient of integers, so look at the quotients and not at low * area,
        # whose rounding may land on the wrong side.
        fewest = int(self.low * area)
        while fewest / area <= self.low:
            fewest += 1
        most = int(self.high * area) + 1
        while most / area > self.high:
            most -= 1
        if fewest > most:
            raise ValueError(f"no hole in a picture of {area} pixels has a ratio in {self}")
        return fewest, most


BUCKETS = (
    Bucket(0.01, 0.1),
    Bucket(0.1, 0.2),
    Bucket(0.2, 0.3),
    Bucket(0.3, 0.4),
    Bucket(0.4, 0.5),
    Bucket(0.5, 0.6),
)


def hole_ratio(mask: Mask) -> float:
    """Return the hole's share of the area, 0 to 1."""
    return 1.0 - np.count_nonzero(mask) / mask.size

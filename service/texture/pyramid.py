"""A picture at ever halved scales, with what is known and what is hole of each pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.texture.crew import Crew
from service.texture.library import address, kernels
from service.texture.scale import Pixels

KNOWN_FROM = 153
"""Shares of 255. A coarse pixel is a source if 60% of it is known, and a hole if 40% of it is."""
HOLE_FROM = 255 - KNOWN_FROM + 1


@dataclass(frozen=True, slots=True)
class Level:
    """One scale of a pyramid.

    Attributes:
        picture: (H, W, 4).
        known: (H, W) uint8, 255 where all of a pixel may be copied.
        hole: (H, W) uint8, 255 where all of a pixel is to be filled.
    """

    picture: Pixels
    known: NDArray[np.uint8]
    hole: NDArray[np.uint8]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """(H, W) bool."""
        return self.known >= KNOWN_FROM

    @property
    def is_hole(self) -> NDArray[np.bool_]:
        """(H, W) bool."""
        return self.hole >= HOLE_FROM


def halve(level: Level, crew: Crew) -> Level:
    """The next coarser level, half as high and wide, rounded up.

    Known pixels count by how far they are known, so that a source shows nothing of the fill.
    """
    height, width = level.known.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    half = Level(
        np.empty((rows, columns, 4), np.uint8),
        np.empty((rows, columns), np.uint8),
        np.empty((rows, columns), np.uint8),
    )
    parts = [address(array) for array in (level.picture, level.known, level.hole)]
    halves = [address(array) for array in (half.picture, half.known, half.hole)]
    strip = 128

    def reduce(index: int) -> None:
        first, last = index * strip, min((index + 1) * strip, rows)
        kernels().texture_halve(*parts, height, width, KNOWN_FROM, *halves, first, last)

    crew.run(reduce, -(-rows // strip))
    return half


def pyramid(finest: Level, count: int, crew: Crew) -> list[Level]:
    """The first `count` levels, from the finest to the coarsest."""
    levels = [finest]
    while len(levels) < count:
        levels.append(halve(levels[-1], crew))
    return levels

"""The eight ways to lay a square on itself: what is shown turned is filled differently.

A network has learnt which way up photos are, but no more than roughly what mirrored ones look like,
so that each way of showing a window brings another fill of nearly the same quality.
"""

from dataclasses import dataclass

import numpy as np

from service.arrays import Hole, Image


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One way to lay a square on itself.

    Attributes:
        mirrored: Left becomes right.
        flipped: Top becomes bottom.
        transposed: Rows become columns, before the other two.
    """

    mirrored: bool = False
    flipped: bool = False
    transposed: bool = False

    def turn(self, image: Image, hole: Hole) -> tuple[Image, Hole]:
        """Turn a window (S, S, 3) and its hole (S, S); views."""
        if self.transposed:
            image, hole = image.swapaxes(0, 1), hole.swapaxes(0, 1)
        steps = (-1 if self.flipped else 1, -1 if self.mirrored else 1)
        return image[:: steps[0], :: steps[1]], hole[:: steps[0], :: steps[1]]

    def back(self, image: Image) -> Image:
        """Turn a window (S, S, 3) back; a copy where it was turned."""
        steps = (-1 if self.flipped else 1, -1 if self.mirrored else 1)
        image = image[:: steps[0], :: steps[1]]
        return np.ascontiguousarray(image.swapaxes(0, 1) if self.transposed else image)


AS_IT_IS = Symmetry()


def symmetry_of(seed: int) -> Symmetry:
    """The symmetry of a seed: none for 0, and eight in turn."""
    return Symmetry(*(bool(seed >> bit & 1) for bit in range(3)))

"""One scale of a group of holes: its arrays, and the kernels' view of them."""

import ctypes
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from service.inpainting.boxes import extent
from service.texture.crew import Crew
from service.texture.library import BlocksStruct, ScaleStruct, address

Pixels = NDArray[np.uint8]
"""(H, W, 4) uint8: red, green, blue, and a byte that is the same for all pixels."""

Labels = NDArray[np.int32]
"""(rows, columns, 2) int32 of a frame: row and column in the picture that a pixel comes from."""

# States of a pixel, as in kernels/texture.h.
HOLE, SOURCE, KEPT, CENTRE, TARGET = 1, 2, 4, 8, 16

_TYPES = {
    "picture": np.uint8,
    "state": np.uint8,
    "guide": np.uint8,
    "weight": np.float32,
    "field": np.int32,
    "distance": np.float32,
}

MOST_BLOCKS, LEAST_ROWS = 32, 4  # of a frame, and of a block: bounds on how many threads can help


class Scale:
    """A picture, the state of its pixels, and the frame around what is to be filled.

    Args:
        picture: (H, W, 4); filled in place.
        state: (H, W) uint8, flags of the pixels.
        margin: Pixels that the frame reaches beyond the pixels with one of `flags`.
        flags: Which pixels the frame holds; at least one pixel has one of them.
    """

    def __init__(self, picture: Pixels, state: Pixels, margin: int, flags: int) -> None:
        height, width = state.shape
        self.picture = picture
        self.state = state
        self.frame = extent((state & flags) != 0).grow(margin, margin).clip(height, width)
        self.shape = (self.frame.height, self.frame.width)
        self._arrays: dict[str, NDArray[np.generic]] = {}
        box = self.frame
        self.struct = ScaleStruct(height, width, box.top, box.left, box.height, box.width)
        self._attach("picture", picture)
        self._attach("state", state)

    def attach_guide(self, guide: Pixels) -> None:
        """Set the guide, (H, W, 4)."""
        self.guide = guide
        self._attach("guide", guide)

    def attach_weights(self, weights: NDArray[np.float32]) -> None:
        """Set the weights of the frame's pixels, (rows, columns) float32."""
        self._attach("weight", weights)

    def attach_field(self) -> tuple[Labels, NDArray[np.float32]]:
        """Make the field of matches, (rows, columns, 2), and their distances, (rows, columns)."""
        field = np.zeros((*self.shape, 2), np.int32)
        distance = np.zeros(self.shape, np.float32)
        self._attach("field", field)
        self._attach("distance", distance)
        return field, distance

    def _attach(self, name: str, array: NDArray[np.generic]) -> None:
        if array.dtype != _TYPES[name]:
            raise TypeError(f"{name} holds {array.dtype} where the kernels read {_TYPES[name]}")
        self._arrays[name] = array  # kept for as long as the kernels may look at it
        setattr(self.struct, name, address(array))

    @property
    def pointer(self) -> "ctypes._Pointer[ScaleStruct]":
        """What the kernels take."""
        return ctypes.pointer(self.struct)

    def in_blocks(self, crew: Crew, work: Callable[[BlocksStruct], None]) -> None:
        """Work on all blocks of the frame, any of them at once.

        Blocks depend on the frame alone and not on the threads, and so does what comes of them.
        """
        self._share(crew, work, first=0, every=1)

    def apart(self, crew: Crew, work: Callable[[BlocksStruct], None]) -> None:
        """Work on all blocks, at once only on such as do not touch: every second, then the rest.

        So a block may read its neighbours' rows while it changes its own.
        """
        self._share(crew, work, first=0, every=2)
        self._share(crew, work, first=1, every=2)

    def _share(
        self, crew: Crew, work: Callable[[BlocksStruct], None], first: int, every: int
    ) -> None:
        """Work on every so many blocks, in as many calls as there are threads: calls cost."""
        rows = max(LEAST_ROWS, -(-self.frame.height // MOST_BLOCKS))
        count = len(range(first * rows, self.frame.height, every * rows))
        calls = min(crew.threads, count)
        starts = [self.frame.top + (first + every * call) * rows for call in range(calls)]
        step = every * calls * rows
        crew.run(
            lambda call: work(BlocksStruct(starts[call], self.frame.bottom, rows, step)), calls
        )


def states(known: NDArray[np.bool_], hole: NDArray[np.bool_], radius: int) -> Pixels:
    """Flags of the pixels of a picture, for patches of 2 * `radius` + 1 pixels.

    Args:
        known: (H, W) bool, what may be copied.
        hole: (H, W) bool, what is to be filled.
        radius: Of the patches.

    Returns:
        (H, W) uint8.
    """
    patch = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    sources, holes = known.view(np.uint8), hole.view(np.uint8)
    inner = cv2.erode(sources, patch, borderType=cv2.BORDER_CONSTANT, borderValue=[0])
    reached = cv2.dilate(holes, patch, borderType=cv2.BORDER_CONSTANT, borderValue=[0])
    flags = holes * HOLE + sources * SOURCE + inner * CENTRE + reached * TARGET
    return np.asarray(flags, np.uint8)

"""A signature with nothing left open, tied to one file: windows to its inputs, and its output back.

This is the one place where the mask's polarity becomes that of the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Holes, Images
from service.engine.base import EngineError
from service.engine.outline import Tensor
from service.engine.signatures import BYTES, CHANNELS, MaskValues, Part, Range, Signature

Feed = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]
TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


@dataclass(frozen=True, slots=True)
class Coding:
    """How windows are given to one network and read back.

    Attributes:
        signature: The signature.
        inputs: The file's inputs in the signature's order.
        output: The output that is the picture.
        mask: Values of the mask.
        answer: Range of the output.
    """

    signature: Signature
    inputs: tuple[Tensor, ...]
    output: Tensor
    mask: MaskValues
    answer: Range

    def __str__(self) -> str:
        """The signature with what it leaves open, in words."""
        return f"{self.signature.name} (mask: {self.mask}; output {self.answer})"

    @property
    def higher(self) -> str:
        """What the higher value of the mask marks: `hole` or `known`."""
        return "hole" if self.mask.hole > self.mask.known else "known"

    @property
    def side(self) -> int | None:
        """The only window size in pixels that the network takes; None: it takes several."""
        return next((side for side in self._sides() if side), None)

    @property
    def batch(self) -> int:
        """The number of windows that a run has by the file's header; 0: it does not fix it."""
        return self._first_shape()[0] or 0

    def problem(self) -> str:
        """Why windows cannot be given to such a network, in words; empty where they can."""
        rows, columns = self._sides()
        if rows and columns and rows != columns:
            return f"it takes pictures of {columns}x{rows} alone, and windows are square"
        if self.batch > 1:
            return f"it takes {self.batch} pictures at once, no more and no less; make the batch 1"
        return ""

    def shapes(self, batch: int, size: int) -> Shapes:
        """Shapes of the inputs by name."""
        return {
            tensor.name: self._shape(batch, size, sum(CHANNELS[part] for part in parts))
            for tensor, parts in zip(self.inputs, self.signature.inputs, strict=True)
        }

    def encode(self, images: Images, holes: Holes) -> Feed:
        """What the network is fed.

        Args:
            images: (N, S, S, 3) uint8 RGB.
            holes: (N, S, S) bool, True is hole.

        Returns:
            Arrays by the names of the inputs, as the signature says.
        """
        shown = _grown(holes, self.signature.blend) if self.signature.blend else holes
        return {
            tensor.name: self._stack(parts, images, shown, np.dtype(tensor.element))
            for tensor, parts in zip(self.inputs, self.signature.inputs, strict=True)
        }

    def decode(self, output: NDArray[Any], shape: tuple[int, ...]) -> Images:
        """The picture: uint8 RGB, rounded and cut to 0..255.

        Args:
            output: What the network gave.
            shape: (N, S, S, 3), what is due.

        Raises:
            EngineError: it is of another shape, or has values that are no numbers.
        """
        due = self._shape(shape[0], shape[1], shape[3])
        if output.shape != due:
            raise EngineError(f"the network's picture is {output.shape}, {due} is due")
        picture = output if self.signature.layout == "NHWC" else output.transpose(TO_NHWC)
        if picture.dtype == np.uint8:
            return np.ascontiguousarray(picture)
        black, white = self.answer
        levels = (picture.astype(np.float32) - black) * (BYTES.white / (white - black))
        if np.isnan(levels).any():
            raise EngineError("the network's picture has values that are no numbers (NaN)")
        pixels: Images = np.rint(levels.clip(*BYTES)).astype(np.uint8, order="C")
        return pixels

    def _stack(
        self, parts: tuple[Part, ...], images: Images, holes: Holes, element: np.dtype[Any]
    ) -> NDArray[Any]:
        arrays = [
            self._picture(images, holes, element)
            if part == "picture"
            else self._mask(holes, element)
            for part in parts
        ]
        stacked = arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-1)
        if self.signature.layout == "NCHW":
            stacked = stacked.transpose(TO_NCHW)
        return np.ascontiguousarray(stacked)

    def _picture(self, images: Images, holes: Holes, element: np.dtype[Any]) -> NDArray[Any]:
        black, white = self.signature.picture
        values: NDArray[Any] = images
        if element != np.uint8:
            levels = np.linspace(black, white, 256, dtype=np.float32).astype(element)
            values = levels[images]
        if self.signature.blank:
            values = values * ~holes[..., np.newaxis]
        return values

    def _mask(self, holes: Holes, element: np.dtype[Any]) -> NDArray[Any]:
        if element == np.uint8 and self.mask == MaskValues(0, 1):
            return np.ascontiguousarray(holes).view(np.uint8)[..., np.newaxis]
        known, hole = self.mask
        values = np.array([known, hole], element)
        return np.asarray(values[holes.view(np.uint8)])[..., np.newaxis]

    def _shape(self, batch: int, size: int, channels: int) -> tuple[int, ...]:
        if self.signature.layout == "NHWC":
            return (batch, size, size, channels)
        return (batch, channels, size, size)

    def _first_shape(self) -> tuple[int | None, ...]:
        return self.inputs[0].shape or (None,) * 4

    def _sides(self) -> tuple[int | None, int | None]:
        at = self.signature.layout.index("H")
        rows, columns = self._first_shape()[at : at + 2]
        return rows, columns


def _grown(holes: Holes, by: int) -> Holes:
    square = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.stack([cv2.dilate(hole.view(np.uint8), square) for hole in holes]).view(np.bool_)

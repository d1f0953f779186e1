"""The pictures and masks on which an exported file is compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Case:
    """One batch to run.

    Attributes:
        name: What its mask is.
        image: (N, H, W, 3) uint8.
        mask: (N, H, W, 1) uint8, 0 is known, anything else is hole.
    """

    name: str
    image: Bytes
    mask: Bytes

    @property
    def size(self) -> str:
        """Batch, width and height in words."""
        batch, height, width, _ = self.image.shape
        return f"{batch} x {width}x{height}"


def parity_cases(stride: int, seed: int = 0) -> list[Case]:
    """Several sizes, aspect ratios and batches, masks from nothing known to all known."""
    rng = np.random.default_rng(seed)
    wide, tall = (1, stride, 3 * stride), (2, 2 * stride, stride)
    square = (1, 2 * stride, 2 * stride)
    return [
        _case("all known", rng, _full(square, 0)),
        _case("nothing known", rng, _full(tall, 255)),
        _case("one pixel known", rng, _one_pixel_known(square)),
        _case("block", rng, _block(wide)),
        _case("block", rng, _block(tall)),
        _case("random bytes", rng, _random_bytes(rng, tall)),
    ]


def with_other_holes(case: Case, seed: int = 1) -> Case:
    """The same case with other content under the hole."""
    noise = np.random.default_rng(seed).integers(0, 256, case.image.shape, dtype=np.uint8)
    return Case(case.name, np.where(case.mask == 0, case.image, noise), case.mask)


def _case(name: str, rng: np.random.Generator, mask: Bytes) -> Case:
    batch, height, width, _ = mask.shape
    # Smooth enough to look like a picture, rough enough to reach every weight.
    rows = np.linspace(0, 2, height)[:, None, None] + rng.uniform(0, 1, 3)
    columns = np.linspace(0, 3, width)[None, :, None]
    smooth = 127.5 + 90 * np.sin(rows * columns * np.pi)
    noise = rng.normal(0, 25, (batch, height, width, 3))
    return Case(name, np.clip(smooth + noise, 0, 255).astype(np.uint8), mask)


def _full(shape: tuple[int, int, int], value: int) -> Bytes:
    return np.full((*shape, 1), value, np.uint8)


def _one_pixel_known(shape: tuple[int, int, int]) -> Bytes:
    mask = _full(shape, 255)
    mask[:, shape[1] // 3, shape[2] // 2] = 0
    return mask


def _block(shape: tuple[int, int, int]) -> Bytes:
    _, height, width = shape
    mask = _full(shape, 0)
    mask[:, height // 4 : height * 3 // 4, width // 3 : width * 5 // 6] = 255
    return mask


def _random_bytes(rng: np.random.Generator, shape: tuple[int, int, int]) -> Bytes:
    """Half of the pixels known; the others carry any byte, since anything but 0 is hole."""
    mask = rng.integers(1, 256, (*shape, 1), dtype=np.uint8)
    return np.where(rng.random(mask.shape) < 0.5, mask, np.uint8(0))

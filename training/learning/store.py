"""Photos as uint8 on the host, and in shards on the device where they would take too much of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from training.learning.devices import put, told_by_all

ANY_NUMBER = 2**31 - 1

STEPS_PER_SHARD = 200
"""For how long a shard stays on the device before the next one takes its place."""


def device_memory() -> int | None:
    """Bytes of the device's memory; None where it says nothing, as CPUs do."""
    statistics = jax.local_devices()[0].memory_stats()
    return int(statistics["bytes_limit"]) if statistics and "bytes_limit" in statistics else None


def common_budget(budget: int | None) -> int | None:
    """What each process can spare, in whole MiB: all must make the same shards.

    Args:
        budget: bytes that photos may take here; None: any number.
    """
    mebibytes = ANY_NUMBER if budget is None else min(budget >> 20, ANY_NUMBER)
    told = told_by_all(mebibytes)
    if len(told) == 1:
        return budget
    return None if min(told) == ANY_NUMBER else min(told) << 20


@dataclass(frozen=True)
class Photos:
    """Decoded photos on canvases of one size.

    Attributes:
        pixels: `(N, H, W, 3)` uint8 RGB, each in the upper left corner; the rest repeats its edge.
        sizes: `(N, 3)` int32: rows and columns in use, and 1 where the photo lies on its side.
        chances: `(N,)` float32, of being drawn, relative to each other.
    """

    pixels: NDArray[np.uint8]
    sizes: NDArray[np.int32]
    chances: NDArray[np.float32]

    def for_crops(self, side: int) -> Photos:
        """The same photos; those that are smaller than a crop are never drawn.

        Raises:
            ValueError: none is left.
        """
        large = self.sizes[:, :2].min(axis=1) >= side
        chances = np.where(large, self.chances, 0).astype(np.float32)
        if not chances.any():
            raise ValueError(
                f"None of {len(chances)} photos has sides of at least {side} pixels on a canvas of "
                f"{self.pixels.shape[1]}x{self.pixels.shape[2]} (and a chance above 0)."
            )
        return Photos(self.pixels, self.sizes, chances)

    def check_shared(self) -> None:
        """Check that all processes of a run have the same photos.

        Raises:
            ValueError: they do not.
        """
        # A sum over gigabytes takes seconds: only where there is somebody to compare it with.
        digests = told_by_all(self._digest() if jax.process_count() > 1 else 0)
        if len(set(digests)) > 1:
            raise ValueError(
                "The processes of this run do not have the same photos: give each the same files, "
                "and the same recipe."
            )

    def _digest(self) -> int:
        digest = zlib.crc32(repr(self.pixels.shape).encode())
        for array in (self.sizes, self.chances, self.pixels):
            for each in array:
                digest = zlib.crc32(each.tobytes(), digest)
        return digest >> 1


class Store(Protocol):
    """Hands out photos on the device, as `training.drawing.crops` takes them."""

    def at(self, step: int) -> dict[str, Any]:
        """`photos`, `sizes` and `cumulative` for a step, on the device."""

    def shapes(self) -> dict[str, Any]:
        """Shapes and dtypes of what `at` hands out, the same for all steps."""


def shapes(count: int, height: int, width: int) -> dict[str, Any]:
    """Shapes and dtypes of a shard of `count` canvases."""
    return {
        "photos": jax.ShapeDtypeStruct((count, height, width, 3), np.uint8),
        "sizes": jax.ShapeDtypeStruct((count, 3), np.int32),
        "cumulative": jax.ShapeDtypeStruct((count,), np.float32),
    }


class PhotoStore:
    """Hands out photos on the device.

    Photos are dealt to shards of equal size in an order drawn once, so shards are alike. Which of
    them a step sees depends on the step's number alone.

    Args:
        photos: what there is.
        budget: bytes that photos may take on the device; None: any number.
    """

    def __init__(self, photos: Photos, budget: int | None = None) -> None:
        self.photos = photos
        # While one shard comes, the one before it may still be in use.
        each = photos.pixels[:1].nbytes
        whole = each * len(photos.pixels)
        if budget is None or whole <= budget:
            self.shards = 1
        else:
            per_shard = max(1, budget // 2 // each)
            self.shards = -(-len(photos.pixels) // per_shard)
        order = np.random.default_rng(0).permutation(len(photos.pixels))
        self._deals = [np.sort(deal) for deal in np.array_split(order, self.shards)]
        self._size = max(map(len, self._deals))
        usable = [bool(photos.chances[deal].any()) for deal in self._deals]
        self._turns = [number for number, good in enumerate(usable) if good]
        self._held: tuple[int, dict[str, Any]] | None = None

    def at(self, step: int) -> dict[str, Any]:
        """`photos`, `sizes` and `cumulative` for a step, on the device."""
        turn = self._turns[step // STEPS_PER_SHARD % len(self._turns)]
        if self._held is None or self._held[0] != turn:
            self._held = turn, self._put(turn)
        return self._held[1]

    def shapes(self) -> dict[str, Any]:
        """Shapes and dtypes of what `at` hands out."""
        return shapes(self._size, *self.photos.pixels.shape[1:3])

    def _put(self, turn: int) -> dict[str, Any]:
        deal = self._deals[turn]
        # One size for all shards, hence one program: a short one gets photos that are never drawn.
        index = np.concatenate([deal, np.repeat(deal[:1], self._size - len(deal))])
        chances = self.photos.chances[index].copy()
        chances[len(deal) :] = 0
        whole = self.shards == 1
        return {
            "photos": put(self.photos.pixels if whole else self.photos.pixels[index]),
            "sizes": put(self.photos.sizes if whole else self.photos.sizes[index]),
            "cumulative": put(
                np.cumsum(self.photos.chances if whole else chances, dtype=np.float32)
            ),
        }

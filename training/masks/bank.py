"""A bank of masks drawn beforehand, for training loops that must not wait for masks."""

import numpy as np

from training.masks.source import Mask, MaskSource


class MaskBank:
    """A mask source that turns and mirrors masks drawn beforehand from another source.

    Turning and mirroring keep hole ratio and border contact, and make eight masks out of each.
    Masks are kept as bits: 10,000 of 256x256 pixels take 82 MB.

    Args:
        source: draws the bank, and every mask of a size that the bank does not hold.
        height: of the bank's masks, pixels.
        width: of the bank's masks, pixels.
        count: how many masks the bank holds.
        seed: of the bank; the same seed gives the same bank.
    """

    def __init__(
        self, source: MaskSource, height: int, width: int, *, count: int = 4096, seed: int = 0
    ) -> None:
        if count < 1:
            raise ValueError(f"a bank holds at least one mask, not {count}")
        self.source = source
        self.height = height
        self.width = width
        rng = np.random.default_rng(seed)
        self._bits = np.stack([np.packbits(source(rng, height, width)) for _ in range(count)])

    def __len__(self) -> int:
        return len(self._bits)

    def __call__(self, rng: np.random.Generator, height: int, width: int) -> Mask:
        if (height, width) != (self.height, self.width):
            return self.source(rng, height, width)
        bits = self._bits[int(rng.integers(len(self._bits)))]
        mask = np.unpackbits(bits, count=height * width).reshape(height, width)
        flip_rows, flip_columns, transpose = rng.integers(2, size=3)
        mask = mask[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
        if transpose and height == width:
            mask = mask.T
        return np.ascontiguousarray(mask)

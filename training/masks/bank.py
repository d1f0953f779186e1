"""A bank of masks drawn beforehand, for training steps that draw from it on the device."""

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.masks.blocks import draw_block
from training.masks.source import MaskSource


def draw_bank(
    source: MaskSource,
    side: int,
    count: int,
    *,
    block_share: float = 0.0,
    seed: int = 0,
    quiet: bool = True,
) -> NDArray[np.uint8]:
    """Draw masks `(count, side, side)`, 1 where known; the same seed gives the same bank.

    Args:
        source: where masks come from.
        side: pixels.
        count: how many.
        block_share: share of masks that are one large block instead of one of `source`.
        seed: of the random numbers.
        quiet: no progress bar.
    """
    rng = np.random.default_rng((seed, side))
    bank = np.empty((count, side, side), np.uint8)
    for mask in tqdm(bank, f"masks of {side} px", unit="mask", disable=True if quiet else None):
        block = rng.random() < block_share
        mask[:] = (draw_block if block else source)(rng, side, side)
    return bank

"""What a mask source is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""Shape (H, W), 1 where the picture is known and 0 in the hole."""


class MaskSource(Protocol):
    """Anything that draws a mask of the size asked for, taking all its randomness from ``rng``."""

    def __call__(self, rng: np.random.Generator, height: int, width: int) -> Mask: ...

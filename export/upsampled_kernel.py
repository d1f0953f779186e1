"""A 3x3 kernel over nearest up-sampled features, as one over the features themselves."""

from __future__ import annotations

import numpy as np

from export.fold import Array

# Which of the two source pixels that an output pixel sees each of the three taps falls on:
# rows are source pixels, columns taps. An even pixel sees its own source and the one before it, an
# odd one its own and the one after.
_TAPS = {
    "even": np.array([[1, 0, 0], [0, 1, 1]], np.float64),
    "odd": np.array([[1, 1, 0], [0, 0, 1]], np.float64),
}
# Padding by one pixel on each side moves the result by one, so that odd pixels come first.
_PHASES = ("odd", "even")


def upsampled_kernel(kernel: Array) -> Array:
    """Merge the taps of a 3x3 kernel that fall on the same pixel before nearest up-sampling.

    Convolving features (H, W) padded by one pixel with the result, then `DepthToSpace` by 2 (depth
    first), then cutting one pixel from each side equals up-sampling them to (2H, 2W) and convolving
    that with `kernel`: 4 multiplications where there were 9, and no picture of up-sampled features.

    Args:
        kernel: (3, 3, C, C') float32.

    Returns:
        (2, 2, C, 4 * C') float32, the four outputs of a 2x2 block outermost.
    """
    phases = [
        np.einsum("ps,qt,stio->pqio", _TAPS[row], _TAPS[column], kernel)
        for row in _PHASES
        for column in _PHASES
    ]
    return np.concatenate(phases, axis=-1).astype(np.float32)

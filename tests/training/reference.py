"""Independent NumPy references: nested loops, no convolution call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def partial_convolution(
    features: Array, mask: Array, kernel: Array, bias: Array | None, strides: int
) -> tuple[Array, Array]:
    """Equations 1 and 2 of Liu et al. 2018, with one mask channel per feature.

    Args:
        features: (H, W, C).
        mask: (H, W, C), 1 = known.
        kernel: (K, K, C, F).
        bias: (F,) or None.
        strides: step in pixels; the padding is TensorFlow's "same".
    """
    height, width, channels = features.shape
    size, filters = kernel.shape[0], kernel.shape[3]
    rows, columns = -(-height // strides), -(-width // strides)
    pad_top = max((rows - 1) * strides + size - height, 0) // 2
    pad_left = max((columns - 1) * strides + size - width, 0) // 2
    out = np.zeros((rows, columns, filters))
    out_mask = np.zeros((rows, columns, 1))
    for row in range(rows):
        for column in range(columns):
            known = 0.0
            sums = np.zeros(filters)
            for i in range(size):
                for j in range(size):
                    y, x = row * strides + i - pad_top, column * strides + j - pad_left
                    if not (0 <= y < height and 0 <= x < width):
                        continue
                    for c in range(channels):
                        if mask[y, x, c]:
                            known += 1
                            sums += kernel[i, j, c] * features[y, x, c]
            if known:
                out[row, column] = sums * (size * size * channels / known)
                if bias is not None:
                    out[row, column] += bias
                out_mask[row, column] = 1
    return out, out_mask


def gram(maps: Array) -> Array:
    """Auto-correlation of (H, W, C) features, (C, C), divided by C * H * W."""
    height, width, channels = maps.shape
    result = np.zeros((channels, channels))
    for a in range(channels):
        for b in range(channels):
            result[a, b] = np.sum(maps[..., a] * maps[..., b])
    return result / (channels * height * width)


def total_variation(picture: Array, hole: NDArray[np.bool_]) -> float:
    """Sum of l1 over neighbours in the 1-pixel dilation of the hole, by the number of values.

    Args:
        picture: (H, W, C), the composite.
        hole: (H, W), True in the hole.
    """
    height, width = hole.shape
    region = np.zeros_like(hole)
    for y in range(height):
        for x in range(width):
            region[y, x] = hole[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any()
    total = 0.0
    for y in range(height):
        for x in range(width):
            for v, u in ((y + 1, x), (y, x + 1)):
                if v < height and u < width and region[y, x] and region[v, u]:
                    total += float(np.abs(picture[v, u] - picture[y, x]).sum())
    return total / picture.size

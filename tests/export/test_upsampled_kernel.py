import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.upsampled_kernel import upsampled_kernel


def convolve(x, kernel, pad):
    """Plain convolution of (H, W, C) in nested loops."""
    side = kernel.shape[0]
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    height, width = x.shape[0] - side + 1, x.shape[1] - side + 1
    y = np.zeros((height, width, kernel.shape[-1]))
    for row in range(height):
        for column in range(width):
            window = x[row : row + side, column : column + side]
            y[row, column] = np.tensordot(window, kernel, axes=3)
    return y


def depth_to_space(x):
    height, width, channels = x.shape
    blocks = x.reshape(height, width, 2, 2, channels // 4)
    return blocks.transpose(0, 2, 1, 3, 4).reshape(2 * height, 2 * width, channels // 4)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0))
def test_equals_convolution_of_upsampled_features(height, width, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(height, width, inputs))
    kernel = rng.normal(size=(3, 3, inputs, outputs)).astype(np.float32)
    upsampled = x.repeat(2, axis=0).repeat(2, axis=1)
    merged = depth_to_space(convolve(x, upsampled_kernel(kernel), pad=1))[1:-1, 1:-1]
    assert merged == pytest.approx(convolve(upsampled, kernel, pad=1), abs=1e-5)

"""Lattices of fixed cases."""

import numpy as np
import pytest

from training.lattice import blur, lattice_points


def test_lattice_points() -> None:
    assert np.argwhere(lattice_points(6, 7, 4, 1, 2)).tolist() == [[1, 2], [1, 6], [5, 2], [5, 6]]


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_blur_keeps_means_and_removes_detail(factor: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    blurred = blur(noise, factor)
    assert blurred.shape == noise.shape
    assert blurred.mean() == pytest.approx(noise.mean(), abs=2)
    assert blurred.std() < noise.std() / (factor * 0.7)

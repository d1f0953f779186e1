import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.lattice import blur, lattice_points, lattice_sample


def smooth_picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    channels = (rows * 200 / height, columns * 200 / width, np.full((height, width), 90))
    return np.stack(channels, axis=-1).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 70), st.integers(40, 70))
def test_lattice_lies_in_the_hole_only(seed: int, height: int, width: int) -> None:
    truth = smooth_picture(height, width)
    mask = np.ones((height, width), np.uint8)
    mask[8:38, 4:36] = 0
    image, seen = lattice_sample(truth, mask, np.random.default_rng(seed))

    assert image.dtype == seen.dtype == np.uint8
    assert np.array_equal(image[mask == 1], truth[mask == 1])
    assert (seen[mask == 1] == 1).all()
    added = np.argwhere((seen == 1) & (mask == 0))
    strides = [np.unique(np.diff(np.unique(added[:, axis]))) for axis in (0, 1)]
    assert strides[0].tolist() == strides[1].tolist() == [4]
    assert len(added) >= (30 // 4) * (32 // 4)
    # The values are near the truth: a fill, not noise.
    error = image.astype(int) - truth
    assert np.abs(error[seen == 1]).mean() < 12


def test_all_offsets_and_kinds_of_values_come_up() -> None:
    truth = smooth_picture(64, 64)
    nothing_known = np.zeros((64, 64), np.uint8)
    seen_kinds, exact = set(), 0
    for seed in range(1200):
        image, seen = lattice_sample(truth, nothing_known, np.random.default_rng(seed))
        rows, columns = np.nonzero(seen)
        seen_kinds.add((len(np.unique(rows)), int(rows.min()), int(columns.min())))
        exact += np.array_equal(image, truth)
    assert len(seen_kinds) == 4 * 4
    assert 220 < exact < 380


def test_inputs_are_left_as_they_were() -> None:
    truth, mask = smooth_picture(48, 48), np.zeros((48, 48), np.uint8)
    kept = truth.copy()
    for seed in range(5):
        lattice_sample(truth, mask, np.random.default_rng(seed))
    assert np.array_equal(truth, kept)
    assert not mask.any()


def test_lattice_points() -> None:
    assert np.argwhere(lattice_points(6, 7, 4, 1, 2)).tolist() == [[1, 2], [1, 6], [5, 2], [5, 6]]


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_blur_keeps_means_and_removes_detail(factor: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    blurred = blur(noise, factor)
    assert blurred.shape == noise.shape
    assert blurred.mean() == pytest.approx(noise.mean(), abs=2)
    assert blurred.std() < noise.std() / (factor * 0.7)

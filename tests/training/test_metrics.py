"""Metrics against plain NumPy written another way, and against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import gradient, l1_percent, psnr, ssim


def noise(seed: int, height: int = 24, width: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def flat(level: int) -> np.ndarray:
    return np.full((24, 20, 3), level, np.uint8)


def reference_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. 2004, window by window."""
    axis = np.arange(-5, 6)
    weights = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    values = []
    for channel in range(3):
        for top in range(x.shape[0] - 10):
            for left in range(x.shape[1] - 10):
                a = x[top : top + 11, left : left + 11, channel].astype(float)
                b = y[top : top + 11, left : left + 11, channel].astype(float)
                mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
                variance_a = (weights * (a - mean_a) ** 2).sum()
                variance_b = (weights * (b - mean_b) ** 2).sum()
                covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
                c1, c2 = 6.5025, 58.5225
                values.append(
                    (2 * mean_a * mean_b + c1)
                    * (2 * covariance + c2)
                    / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))
                )
    return float(np.mean(values))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_ssim_equals_the_definition(share: float) -> None:
    truth = noise(1)
    other = np.rint((1 - share) * truth + share * noise(2)).astype(np.uint8)
    assert ssim(other, truth) == pytest.approx(reference_ssim(other, truth), abs=1e-9)


def test_ssim_is_symmetric_and_one_for_equal_pictures() -> None:
    assert ssim(noise(1), noise(2)) == pytest.approx(ssim(noise(2), noise(1)), abs=1e-12)
    assert ssim(noise(1), noise(1)) == pytest.approx(1, abs=1e-12)


@given(st.integers(0, 255), st.integers(0, 255))
def test_psnr_of_flat_pictures(first: int, second: int) -> None:
    expected = 100.0 if first == second else 20 * np.log10(255 / abs(first - second))
    assert psnr(flat(first), flat(second)) == pytest.approx(expected)


def test_psnr_inside_the_hole_ignores_the_rest() -> None:
    picture, truth = flat(100), flat(100)
    hole = np.zeros((24, 20), np.bool_)
    hole[:6] = True
    picture[:6] = 110
    picture[20:] = 255
    assert psnr(picture, truth, hole) == pytest.approx(20 * np.log10(255 / 10))
    picture[20:] = 100
    # A quarter of the picture is wrong: a quarter of the mean square, 6 dB.
    assert psnr(picture, truth) == pytest.approx(psnr(picture, truth, hole) + 10 * np.log10(4))


def test_l1_is_in_percent_of_full_scale() -> None:
    assert l1_percent(flat(0), flat(255)) == pytest.approx(100)
    assert l1_percent(flat(90), flat(39)) == pytest.approx(20)
    picture = flat(0)
    picture[:12] = 51
    assert l1_percent(picture, flat(0)) == pytest.approx(10)


def test_gradient_of_a_ramp_is_its_slope() -> None:
    rows, columns = np.mgrid[0:24, 0:20]
    ramp = np.repeat((3 * rows + 4 * columns)[..., None], 3, axis=-1).astype(np.uint8)
    inside = np.zeros((24, 20), np.bool_)
    inside[1:-1, 1:-1] = True
    assert gradient(ramp, inside) == pytest.approx(5)
    assert gradient(flat(80), inside) == 0


def test_gradient_counts_the_asked_pixels_only() -> None:
    picture = flat(0)
    picture[:, 10:] = 200
    away = np.zeros((24, 20), np.bool_)
    away[:, :8] = True
    assert gradient(picture, away) == 0
    assert gradient(picture, ~away) > 0


def test_blur_lowers_the_gradient() -> None:
    everywhere = np.ones((24, 20), np.bool_)
    sharp = noise(4)
    blurred = (sharp.astype(int) + np.roll(sharp, 1, axis=0) + np.roll(sharp, 1, axis=1)) // 3
    assert gradient(blurred.astype(np.uint8), everywhere) < 0.8 * gradient(sharp, everywhere)

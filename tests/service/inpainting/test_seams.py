import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.arrays import Hole
from service.inpainting.seams import UNTRUSTED_STEP, correct_seams, membrane


def disc(size: int, radius: float) -> Hole:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.asarray(y**2 + x**2 < radius**2)


def test_a_constant_error_vanishes_everywhere() -> None:
    image = np.full((64, 64, 3), (60, 100, 200), np.uint8)
    hole = disc(64, 20)
    corrected = correct_seams(image + np.uint8(37), image, ~hole, hole)
    assert np.abs(corrected[hole].astype(int) - image[hole]).max() <= 1


def test_a_step_of_the_network_where_known_pixels_end_vanishes() -> None:
    image = np.full((64, 64, 3), 100, np.uint8)
    hole = disc(64, 20)
    prediction = np.where(hole[..., None], np.full_like(image, 130), np.uint8(85))
    corrected = correct_seams(prediction, image, ~hole, hole)
    assert np.abs(corrected[hole].astype(int) - 100).max() <= 2


def test_an_edge_of_the_picture_at_the_rim_stays() -> None:
    """The network is right about the known pixels, so the step is none of its making."""
    hole = disc(64, 20)
    image = np.where(hole[..., None], np.full((64, 64, 3), 200, np.uint8), np.uint8(30))
    assert np.array_equal(correct_seams(image, image, ~hole, hole), image)


def test_a_linear_error_vanishes_nearly_everywhere() -> None:
    image = np.full((64, 64, 3), 120, np.uint8)
    hole = disc(64, 25)
    drift = np.linspace(-60, 60, 64)[None, :, None].round()
    prediction = (image + drift).astype(np.uint8)
    corrected = correct_seams(prediction, image, ~hole, hole).astype(int)
    error = np.abs(corrected - image)[hole]
    assert error.mean() < 2
    assert error.max() < 8
    assert np.abs(prediction.astype(int) - image)[hole].mean() > 20


def test_known_pixels_and_other_holes_keep_the_prediction() -> None:
    rng = np.random.default_rng(1)
    image, prediction = rng.integers(0, 256, (2, 32, 32, 3), np.uint8)
    hole = disc(32, 10)
    target = hole.copy()
    target[:, 16:] = False
    corrected = correct_seams(prediction, image, ~hole, target)
    assert np.array_equal(corrected[~target], prediction[~target])


def test_what_lies_under_the_hole_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    image, prediction = rng.integers(0, 256, (2, 32, 32, 3), np.uint8)
    hole = disc(32, 10)
    poisoned = np.where(hole[..., None], np.uint8(255), image)
    assert np.array_equal(
        correct_seams(prediction, image, ~hole, hole),
        correct_seams(prediction, poisoned, ~hole, hole),
    )


def test_without_a_rim_the_prediction_stays() -> None:
    prediction = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
    nothing, everything = np.zeros((16, 16), np.bool_), np.ones((16, 16), np.bool_)
    image = np.zeros_like(prediction)
    assert np.array_equal(correct_seams(prediction, image, nothing, everything), prediction)
    assert np.array_equal(correct_seams(prediction, image, everything, nothing), prediction)


@settings(deadline=None, max_examples=50)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_a_membrane_keeps_known_values_and_stays_between_them(
    height: int, width: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random((height, width)) < 0.1
    known[rng.integers(height), rng.integers(width)] = True
    values = rng.normal(0, 50, (height, width, 3)).astype(np.float32)
    result = membrane(values, known)
    assert np.allclose(result[known], values[known], atol=1e-4)
    low, high = values[known].min(axis=0), values[known].max(axis=0)
    assert ((low - 1e-3 <= result) & (result <= high + 1e-3)).all()


def test_a_membrane_is_close_to_harmonic() -> None:
    """Against x^2 - y^2, which solves Laplace's equation, given on a disc's rim."""
    y, x = (np.mgrid[:80, :80] - 39.5) / 40
    truth = np.repeat((x**2 - y**2)[..., None], 3, axis=2).astype(np.float32)
    hole = disc(80, 35)
    rim = (cv2.dilate(hole.view(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hole
    error = np.abs(membrane(truth, rim) - truth)[hole]
    assert error.mean() < 0.03
    assert error.max() < 0.15


def test_where_known_pixels_are_not_predicted_steps_are_corrected_a_little() -> None:
    """A network that copies known pixels has no error there, whatever it paints in the hole."""
    image = np.full((40, 40, 3), 100, np.uint8)
    hole = np.zeros((40, 40), np.bool_)
    hole[10:30, 10:30] = True
    for off, left in ((8, 0), (90, 90 - int(UNTRUSTED_STEP))):
        prediction = np.where(hole[..., None], np.uint8(100 + off), image)
        trusted = correct_seams(prediction, image, ~hole, hole)
        untrusted = correct_seams(prediction, image, ~hole, hole, trusted=False)
        assert (trusted[hole] == 100 + off).all()
        assert np.abs(untrusted[hole].astype(int) - (100 + left)).max() <= 1

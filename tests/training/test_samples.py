"""Training samples."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import make_photo
from training.photos import PhotoFolder
from training.recipe import Augmentation
from training.samples import Batches, Samples, random_crop

PLAIN = Augmentation(flip=False)


def half_mask(rng, height, width):
    """Known on the left or on the right."""
    mask = np.ones((height, width), np.uint8)
    mask[:, : width // 2] = 0
    return mask if rng.random() < 0.5 else np.ascontiguousarray(mask[:, ::-1])


def make_samples(folder, crop_size=64, augmentation=PLAIN, **kwargs):
    return Samples(PhotoFolder([folder]), half_mask, crop_size, augmentation, **kwargs)


def test_a_sample_is_a_function_of_seed_and_number(photo_folder):
    changes = Augmentation(min_scale=0.5, brightness=0.2, tint=0.1)
    one = make_samples(photo_folder, augmentation=changes, lattice_share=0.5, seed=(3, 1))
    two = make_samples(photo_folder, augmentation=changes, lattice_share=0.5, seed=(3, 1))
    other = make_samples(photo_folder, augmentation=changes, lattice_share=0.5, seed=(3, 2))
    two.draw(0)
    a, b, c = one.draw(5), two.draw(5), other.draw(5)
    for name in ("image", "mask", "truth"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.truth, c.truth)


def test_crops_come_from_the_photos(photo_folder):
    photos = [make_photo(seed) for seed in range(6)]
    truth = make_samples(photo_folder).draw(0).truth
    found = [
        np.array_equal(photo[top : top + 64, left : left + 64], truth)
        for photo in photos
        for top in range(80 - 64 + 1)
        for left in range(96 - 64 + 1)
    ]
    assert sum(found) == 1


def test_known_pixels_equal_the_truth_without_lattices(photo_folder):
    sample = make_samples(photo_folder).draw(1)
    assert sample.image.shape == sample.truth.shape == (64, 64, 3)
    assert sample.mask.shape == (64, 64, 1)
    known = sample.mask[..., 0] == 1
    assert known.sum() == 64 * 32
    np.testing.assert_array_equal(sample.image[known], sample.truth[known])


def test_as_many_holes_are_blocks_as_asked_for(photo_folder):
    samples = make_samples(photo_folder, block_share=0.25)
    halves = [samples.draw(number).mask.sum() == 64 * 32 for number in range(200)]
    assert 130 <= sum(halves) <= 170
    without = [make_samples(photo_folder).draw(number).mask.sum() for number in range(20)]
    assert without == [64 * 32] * 20


def test_lattices_know_points_inside_the_hole(photo_folder):
    with_points = [
        make_samples(photo_folder, lattice_share=share).draw(number).mask.sum() > 64 * 32
        for share in (0.0, 1.0)
        for number in range(4)
    ]
    assert with_points == [False] * 4 + [True] * 4


def test_broken_and_small_photos_are_passed_over(photo_folder, tmp_path):
    cv2.imwrite(str(photo_folder / "tiny.png"), make_photo(9, 20, 200))
    samples = make_samples(photo_folder)
    for number in range(30):
        assert samples.draw(number).truth.shape == (64, 64, 3)
    assert len(samples.photos.broken) == 2


def test_says_when_no_photo_is_large_enough(photo_folder):
    with pytest.raises(ValueError, match=r"at least 128 pixels .* 8 files \(2 broken\)"):
        make_samples(photo_folder, crop_size=128).draw(0)


@given(
    seed=st.integers(0, 999),
    height=st.integers(16, 60),
    width=st.integers(16, 60),
    min_scale=st.floats(0.1, 1),
)
def test_random_crop_stays_within_the_photo_and_its_values(seed, height, width, min_scale):
    rng = np.random.default_rng(seed)
    photo = rng.integers(40, 200, (height, width, 3)).astype(np.uint8)
    crop = random_crop(photo, 16, min_scale, rng)
    assert crop.shape == (16, 16, 3)
    assert crop.dtype == np.uint8
    assert crop.min() >= photo.min()
    assert crop.max() <= photo.max()


def test_tint_and_brightness_move_colours_by_their_bounds_at_most(photo_folder):
    changed = Augmentation(flip=False, brightness=0.2, tint=0.1)
    means = []
    for number in range(10):
        before = make_samples(photo_folder).draw(number).truth.astype(float)
        after = make_samples(photo_folder, augmentation=changed).draw(number).truth.astype(float)
        assert (after <= np.minimum(before * 1.2 * 1.1 + 0.5, 255)).all()
        assert (after >= np.minimum(before * 0.8 * 0.9 - 0.5, 255)).all()
        means.append(abs(after.mean() - before.mean()))
    assert max(means) > 5


def test_batches_go_on_where_another_run_stopped(photo_folder):
    samples = make_samples(photo_folder)
    whole = list(Batches(samples, batch_size=2, steps=9, workers=3))
    rest = list(Batches(samples, batch_size=2, steps=7, first_step=2, workers=1))
    assert len(whole) == 9
    for (inputs, truth), (rest_inputs, rest_truth) in zip(whole[2:], rest, strict=True):
        assert inputs["image"].shape == (2, 64, 64, 3)
        assert inputs["mask"].shape == (2, 64, 64, 1)
        np.testing.assert_array_equal(inputs["image"], rest_inputs["image"])
        np.testing.assert_array_equal(inputs["mask"], rest_inputs["mask"])
        np.testing.assert_array_equal(truth, rest_truth)
    assert not np.array_equal(whole[0][1], whole[1][1])


def test_batches_tell_for_how_long_one_had_to_wait(photo_folder, monkeypatch):
    ticks = iter(range(100))
    monkeypatch.setattr("training.samples.perf_counter", lambda: next(ticks))
    batches = Batches(make_samples(photo_folder), batch_size=1, steps=5)
    assert batches.seconds_waited == 0
    assert len(list(batches)) == 5
    assert batches.seconds_waited == 5

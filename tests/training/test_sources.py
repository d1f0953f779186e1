"""How often photos are drawn."""

import logging

import cv2
import numpy as np
import pytest

from tests.training.conftest import make_photo
from training.photos import PhotoFolder
from training.recipe import Augmentation, Source
from training.samples import Samples
from training.sources import photo_weights


def all_known(rng, height, width):
    return np.ones((height, width), np.uint8)


def test_the_first_matching_pattern_counts():
    sources = [Source(pattern="a_1*", weight=0.5), Source(pattern="a_*", weight=3)]
    weights = photo_weights(["a_1.jpg", "a_2.jpg", "b.jpg", "A_1.jpg"], sources)
    np.testing.assert_array_equal(weights, [0.5, 3, 1, 1])


def test_patterns_without_photos_are_named(caplog):
    with caplog.at_level(logging.WARNING):
        photo_weights(["a.jpg"], [Source(pattern="a*", weight=2), Source(pattern="b*", weight=2)])
    assert [record.message for record in caplog.records] == [
        "No photo takes its weight from source 'b*'."
    ]


def test_something_must_be_left():
    with pytest.raises(ValueError, match="no photo to train on"):
        photo_weights(["a.jpg"], [Source(pattern="*", weight=0)])


def test_photos_are_drawn_by_their_weights(tmp_path):
    levels = (10, 60, 110, 160)
    for number, level in enumerate(levels):
        photo = np.full((16, 16, 3), level, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), photo)
    samples = Samples(
        PhotoFolder([tmp_path]),
        all_known,
        16,
        Augmentation(),
        weights=np.array([0, 1, 3, 0]),
    )
    drawn = [int(samples.draw(number).truth[0, 0, 0]) for number in range(400)]
    counts = [drawn.count(level) for level in levels]
    assert counts[0] == counts[3] == 0
    assert 70 < counts[1] < 130


def test_photos_smaller_than_the_crop_leave_their_turn_to_the_others(tmp_path):
    cv2.imwrite(str(tmp_path / "large.png"), make_photo(0, 80, 80))
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((40, 40, 3), np.uint8))

    def samples(size):
        weights = np.array([0.1, 10])
        return Samples(PhotoFolder([tmp_path]), all_known, size, Augmentation(), weights=weights)

    assert not samples(32).draw(0).truth.any()
    assert all(samples(64).draw(number).truth.any() for number in range(20))

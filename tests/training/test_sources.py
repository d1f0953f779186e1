"""How often photos are drawn."""

import logging

import numpy as np
import pytest

from training.recipe import Source
from training.sources import photo_weights


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

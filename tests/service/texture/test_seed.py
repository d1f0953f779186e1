"""Seeds: each is another fill of the same photo, and always the same one."""

import hashlib

import numpy as np

from tests.service.pictures import box_hole, noise, smooth
from tests.service.texture.test_transfer import scattered_holes, textured, transferred

OF_SEED_0 = "2ec11603ba0a580e97078ea543e21d0134cf4c4ebe48c8ca4ab998545033a47f"
"""SHA-256 of this photo's fill before there were seeds."""


def test_seed_0_is_the_fill_that_there_was_before_there_were_seeds():
    image, hole = textured(300, 420), scattered_holes()
    filled = [transferred(image, hole, **options)[0] for options in ({}, {"seed": 0})]
    assert [hashlib.sha256(each.tobytes()).hexdigest() for each in filled] == [OF_SEED_0] * 2


def test_each_seed_is_a_fill_of_its_own_and_always_the_same():
    image = np.clip(smooth(200, 200) + noise(200, 200).astype(int) // 3, 0, 255).astype(np.uint8)
    hole = box_hole(200, 200, 60, 70, 50)
    fills = [transferred(image, hole, seed=seed)[0] for seed in (0, 1, 2, 2**31 - 1, 2)]
    for number, fill in enumerate(fills):
        np.testing.assert_array_equal(fill[~hole], image[~hole])
        for other in fills[:number]:
            differing = (fill[hole] != other[hole]).any(axis=-1).mean()
            assert (differing == 0) if number == 4 and other is fills[2] else (differing > 0.2)

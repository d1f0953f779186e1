"""Seeds: each is another fill of the same photo, and always the same one."""

import numpy as np

from service.texture import search
from tests.service.pictures import box_hole, noise, smooth
from tests.service.texture.test_transfer import scattered_holes, textured, transferred

# Keys of draws (scale, round, sweep) before there were seeds. The bytes of a fill would have to be
# written down anew with every change of the texture.
KEYS_BEFORE = {
    (0, 0, 0): 13554560392782145028,
    (3, 1, 0): 9275565375529349261,
    (2, 5, 1): 6624339908264527584,
}


def test_seed_0_draws_as_it_was_before_there_were_seeds():
    assert {numbers: search._key(0, *numbers) for numbers in KEYS_BEFORE} == KEYS_BEFORE
    image, hole = textured(300, 420), scattered_holes()
    plain, zero = (transferred(image, hole, **options)[0] for options in ({}, {"seed": 0}))
    np.testing.assert_array_equal(plain, zero)


def test_each_seed_is_a_fill_of_its_own_and_always_the_same():
    image = np.clip(smooth(200, 200) + noise(200, 200).astype(int) // 3, 0, 255).astype(np.uint8)
    hole = box_hole(200, 200, 60, 70, 50)
    fills = [transferred(image, hole, seed=seed)[0] for seed in (0, 1, 2, 2**31 - 1, 2)]
    for number, fill in enumerate(fills):
        np.testing.assert_array_equal(fill[~hole], image[~hole])
        for other in fills[:number]:
            differing = (fill[hole] != other[hole]).any(axis=-1).mean()
            assert (differing == 0) if number == 4 and other is fills[2] else (differing > 0.2)

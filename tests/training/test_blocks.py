import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.masks.blocks import LEAST_SHARE, MOST_SHARE, draw_block


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(64, 200), st.integers(64, 200))
def test_a_block_is_one_large_hole_inside_the_picture(seed: int, height: int, width: int) -> None:
    mask = draw_block(np.random.default_rng(seed), height, width)
    assert mask.shape == (height, width)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    for axis, side in ((1, height), (0, width)):
        extent = np.count_nonzero((mask == 0).any(axis=axis))
        assert LEAST_SHARE * side - 2 <= extent <= MOST_SHARE * side + 2
    hole = float((mask == 0).mean())
    assert 0.7 * LEAST_SHARE**2 < hole < 1.1 * MOST_SHARE**2


def test_rectangles_and_ellipses_come_up() -> None:
    corners = 0
    for seed in range(200):
        hole = draw_block(np.random.default_rng(seed), 128, 128) == 0
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        corners += bool(hole[rows[0], columns[0]])
    assert 70 < corners < 130

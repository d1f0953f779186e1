"""Holes for tests: a hypothesis strategy of small ones, and the shapes that hurt."""

import numpy as np
from hypothesis import strategies as st

from service.arrays import Hole


@st.composite
def holes(draw: st.DrawFn, max_side: int = 300) -> Hole:
    """Holes of up to a few rectangles, lines and specks, with at least one known pixel."""
    height = draw(st.integers(1, max_side))
    width = draw(st.integers(1, max_side))
    hole = np.zeros((height, width), np.bool_)
    for _ in range(draw(st.integers(0, 5))):
        top = draw(st.integers(0, height - 1))
        left = draw(st.integers(0, width - 1))
        rows = draw(st.sampled_from([1, 2, 13, 97, max_side]))
        columns = draw(st.sampled_from([1, 3, 17, 101, max_side]))
        hole[top : top + rows, left : left + columns] = True
    if draw(st.booleans()):
        seed = draw(st.integers(0, 2**32 - 1))
        hole |= np.random.default_rng(seed).random(hole.shape) < 0.002
    hole[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = False
    return hole

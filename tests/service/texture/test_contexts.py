import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.inpainting.boxes import Box
from service.texture.contexts import (
    LEAST_SIDE,
    MOST_PIXELS,
    TILE,
    context_of,
    find_contexts,
    levels_beyond,
)
from tests.service.pictures import box_hole


def area(context):
    return context.box.height * context.box.width


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 300), st.integers(1, 40))
def test_every_hole_pixel_belongs_to_one_group_and_lies_in_its_boxes(seed, height, width, count):
    random = np.random.default_rng(seed)
    hole = np.zeros((height, width), np.bool_)
    for _ in range(count):
        top, left = random.integers(height), random.integers(width)
        hole[top : top + random.integers(1, 40), left : left + random.integers(1, 40)] = True
    owners = np.zeros(hole.shape, int)
    for context in find_contexts(hole):
        own = context.own(hole)
        owners[context.box.slices] += own
        inner = np.zeros_like(hole)
        inner[context.hole.slices] = True
        assert not (own & ~inner[context.box.slices]).any()
    assert np.array_equal(owners, hole.astype(int))


def test_a_context_is_three_times_its_holes_and_not_too_small():
    assert context_of(Box(500, 700, 700, 1000), 2000, 2000) == Box(300, 400, 900, 1300)
    assert context_of(Box(1000, 1000, 1010, 1010), 2000, 2000).height in (
        LEAST_SIDE,
        LEAST_SIDE + 1,
    )
    assert context_of(Box(0, 0, 10, 10), 90, 2000) == Box(0, 0, 90, 10 + (LEAST_SIDE - 9) // 2)


def test_neighbours_share_a_context_and_far_ones_do_not():
    hole = box_hole(1000, 2000, 100, 100, 40) | box_hole(1000, 2000, 100, 180, 40)
    hole |= box_hole(1000, 2000, 800, 1800, 40)
    assert len(find_contexts(hole)) == 2


def test_a_long_scratch_is_cut_so_that_its_contexts_stay_small():
    hole = np.zeros((2000, 3000), np.bool_)
    for column in range(10, 2990):
        hole[column * 2 // 3 : column * 2 // 3 + 5, column] = True
    contexts = find_contexts(hole)
    assert len(contexts) > 3
    assert max(map(area, contexts)) <= min(MOST_PIXELS, (3 * (TILE + 8)) ** 2)
    assert all(context.coarser == 0 for context in contexts)


def test_a_solid_hole_is_one_group_searched_at_a_coarser_scale():
    (context,) = find_contexts(box_hole(3000, 4000, 900, 1400, 1200))
    assert context.coarser == 2
    assert area(context) / 4**context.coarser <= MOST_PIXELS


def test_levels_beyond_counts_the_halvings():
    assert levels_beyond(Box(0, 0, 1000, 1500)) == 0
    assert levels_beyond(Box(0, 0, 1000, 1501)) == 1
    assert levels_beyond(Box(0, 0, 2001, 3000)) == 2

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import inpainting
from service.arrays import Hole
from service.inpainting import Plan
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.planning import MIN_CONTEXT, RATIO_BITS, windows_at_most
from service.inpainting.plans import owned
from tests.service.inpainting.holes import holes

SIZES = (64, 128)
REACH = 28  # small, so that holes of a few hundred pixels have several scales
FAR = 10**6


def plan(hole: Hole, sizes: Sequence[int], **options: Any) -> Plan:
    return inpainting.plan(hole, sizes, **{"reach": REACH, **options})


def hole_of(height: int, width: int, *boxes: tuple[int, int, int, int]) -> Hole:
    hole = np.zeros((height, width), np.bool_)
    for box in boxes:
        hole[Box(*box).slices] = True
    return hole


def covered_natively(made: Plan, hole: Hole) -> Hole:
    """Pixels of the hole that a native window of their own group shows."""
    covered = np.zeros_like(hole)
    for index, group in enumerate(made.groups):
        assert group.scales[-1].factor == 1
        for window in group.scales[-1].windows:
            inside = window.clip(*hole.shape)
            covered[inside.slices] |= owned(made.owners, made.cell, index, inside)
    return covered & hole


@settings(deadline=None, max_examples=100)
@given(hole=holes())
def test_every_hole_pixel_is_covered_and_all_sizes_are_warmed(hole: Hole) -> None:
    made = plan(hole, SIZES)
    assert np.array_equal(covered_natively(made, hole), hole)
    assert {window.height for window in made.windows} <= set(SIZES)
    assert all(window.height == window.width for window in made.windows)


@settings(deadline=None, max_examples=100)
@given(hole=holes())
def test_the_work_is_bounded_by_area_and_count(hole: Hole) -> None:
    made = plan(hole, SIZES)
    count = cv2.connectedComponents(hole.view(np.uint8), connectivity=8)[0] - 1
    bound = windows_at_most(int(hole.sum()), count, SIZES[0])
    number = Counter[int]()
    for group in made.groups:
        for scale in group.scales:
            number[scale.factor] += len(scale.windows)
    assert all(windows <= bound for windows in number.values())
    most = 2 + max(0, math.log2(max(hole.shape) / REACH)) / RATIO_BITS
    assert all(len(group.scales) <= most for group in made.groups)
    assert made.cost == sum(window.height**2 for window in made.windows)


@given(
    corner=st.tuples(st.integers(0, 299), st.integers(0, 399)),
    extent=st.tuples(st.integers(1, 100), st.integers(1, 100)),
    context=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_one_window_shows_the_context_asked_for(
    corner: tuple[int, int], extent: tuple[int, int], context: float
) -> None:
    (top, left), (height, width) = corner, extent
    box = Box(top, left, top + height, left + width).clip(301, 403)
    hole = hole_of(301, 403, (box.top, box.left, box.bottom, box.right))
    rows, columns = (
        max(MIN_CONTEXT, math.ceil(context * side)) for side in (box.height, box.width)
    )
    wanted = box.grow(rows, columns).clip(301, 403)
    (window,) = plan(hole, (64, 128, 320), context=context, reach=FAR).windows
    assert bounding_box([window, wanted]) == window


def test_context_is_a_share_of_the_extent() -> None:
    hole = hole_of(1000, 1000, (450, 450, 550, 550))
    (window,) = plan(hole, (160, 200, 300), reach=FAR).windows
    assert window == Box(400, 400, 600, 600)
    (window,) = plan(hole, (160, 200, 300), context=1.0, reach=FAR).windows
    assert window == Box(350, 350, 650, 650)


def test_the_smallest_size_that_holds_hole_and_context_is_taken() -> None:
    speck, block = (hole_of(999, 999, (500, 500, 500 + side, 500 + side)) for side in (10, 100))
    assert plan(speck, (128, 256), reach=FAR).windows[0].height == 128
    assert plan(block, (128, 256), reach=FAR).windows[0].height == 256


def test_a_larger_window_that_costs_no_more_is_taken() -> None:
    speck = hole_of(999, 999, (500, 500, 510, 510))
    for cost, size in ((4.0, 128), (1.05, 256), (0.5, 256)):
        made = plan(speck, (128, 256), reach=FAR, costs={128: 1.0, 256: cost})
        assert [window.height for window in made.windows] == [size]
        assert made.cost == {128: 1.0, 256: cost}[size]


def test_noise_in_measured_costs_changes_no_plan() -> None:
    hole = hole_of(999, 999, *((row, 100, row + 30, 130) for row in range(100, 900, 90)))
    measured = {64: 1.0, 128: 3.0, 256: 10.0}
    windows = plan(hole, tuple(measured), costs=measured).windows
    for noise in (0.95, 1.05):
        noisy = {**measured, 128: 3.0 * noise}
        assert plan(hole, tuple(measured), costs=noisy).windows == windows


def test_the_cheapest_grid_covers_a_large_hole() -> None:
    hole = hole_of(1000, 1000, (100, 100, 101, 900), (899, 100, 900, 900), (100, 500, 900, 501))
    for costs, size in (({128: 1.0, 256: 8.0}, 128), ({128: 1.0, 256: 1.3}, 256)):
        made = plan(hole, (128, 256), reach=FAR, costs=costs)
        assert {window.height for window in made.windows} == {size}
        assert np.array_equal(covered_natively(made, hole), hole)


def test_a_hole_with_a_lattice_needs_little_context() -> None:
    hole = hole_of(1000, 1000, (400, 400, 580, 580))
    coarse, fine = plan(hole, (128, 256, 384, 512)).windows
    assert (coarse.height, fine.height) == (128, 256)
    assert bounding_box([fine, Box(368, 368, 612, 612)]) == fine


def test_a_small_hole_costs_the_same_in_a_large_photo() -> None:
    small = plan(hole_of(1000, 1000, (400, 400, 600, 600)), (256, 512))
    large = plan(hole_of(3000, 4000, (400, 400, 600, 600)), (256, 512))
    assert large.cost == small.cost
    assert len(large.windows) == 2


def test_what_is_deeper_than_the_network_reaches_is_filled_coarse_first() -> None:
    hole = hole_of(1000, 1000, (400, 400, 600, 600))
    for reach, scales in ((FAR, (1,)), (70, (2, 1)), (40, (4, 1)), (10, (16, 4, 1))):
        made = plan(hole, (256, 512), reach=reach)
        assert made.scales == scales
        assert len(made.windows) == len(scales)


def test_ten_holes_cost_at_most_ten_times_one() -> None:
    one = plan(hole_of(3000, 4000, (400, 400, 600, 600)), (256, 512))
    corners = [(row, column) for row in (100, 2000) for column in range(100, 3600, 700)]
    ten = hole_of(3000, 4000, *((r, c, r + 200, c + 200) for r, c in corners))
    assert plan(ten, (256, 512)).cost <= 10 * one.cost


def test_a_thick_hole_is_filled_coarse_to_fine_from_one_window() -> None:
    made = plan(hole_of(3000, 4000, (800, 800, 2000, 2000)), (256, 512))
    (group,) = made.groups
    assert made.scales == (32, 8, 1)
    assert len(group.scales[0].windows) == 1
    coarsest = group.scales[0].windows[0].enlarge(32)
    assert coarsest.top <= 200
    assert coarsest.bottom >= 2600


def test_a_line_across_a_large_photo_needs_no_coarse_scale() -> None:
    hole = hole_of(3000, 4000, (1500, 0, 1501, 4000))
    made = plan(hole, (256, 512))
    assert made.scales == (1,)
    assert len(made.windows) <= 22
    assert np.array_equal(covered_natively(made, hole), hole)


def test_a_thousand_specks_share_windows() -> None:
    rng = np.random.default_rng(0)
    corners = zip(rng.integers(0, 2998, 1000), rng.integers(0, 3998, 1000), strict=True)
    hole = hole_of(3000, 4000, *((r, c, r + 2, c + 2) for r, c in corners))
    made = plan(hole, (256, 512))
    assert np.array_equal(covered_natively(made, hole), hole)
    assert made.cost < 1.5 * hole.size


def test_noise_over_a_large_photo_stays_quick_and_covered() -> None:
    hole = np.random.default_rng(0).random((2003, 3001)) < 0.003
    made = plan(hole, (256, 512))
    assert np.array_equal(covered_natively(made, hole), hole)
    assert made.cost < 6 * hole.size


def test_a_hole_within_a_ring_keeps_its_own_window() -> None:
    hole = hole_of(1500, 1500, (100, 100, 1400, 1400))
    hole[104:1396, 104:1396] = False
    hole[700:740, 700:740] = True
    made = plan(hole, (256, 512))
    assert min(len(group.scales[-1].windows) for group in made.groups) == 1
    assert made.scales == (1,)
    assert np.array_equal(covered_natively(made, hole), hole)


def test_costs_are_summed_in_the_unit_of_the_table() -> None:
    hole = hole_of(999, 999, (10, 10, 20, 20), (900, 900, 990, 990))
    made = plan(hole, (128, 256), costs={128: 0.25, 256: 1.5}, reach=FAR)
    assert made.cost == pytest.approx(1.75)


def test_an_empty_hole_needs_nothing() -> None:
    made = plan(np.zeros((5, 7), np.bool_), SIZES)
    assert (made.windows, made.scales, made.cost) == ((), (), 0)


@pytest.mark.parametrize(
    ("hole", "sizes", "context", "words"),
    [
        (np.ones((3, 3), np.bool_), (64,), 0.5, "nothing known"),
        (np.zeros((3, 3), np.bool_), (), 0.5, "no window size"),
        (np.zeros((3, 3), np.bool_), (64,), -1.0, "not negative"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(
    hole: Hole, sizes: tuple[int, ...], context: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        plan(hole, sizes, context=context)


def test_a_reach_of_nothing_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="reach"):
        plan(np.zeros((3, 3), np.bool_), SIZES, reach=0)

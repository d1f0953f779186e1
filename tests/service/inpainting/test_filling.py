from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from service import inpainting
from service.arrays import Hole, Holes, Image, Images, Infer
from service.inpainting import Group, Plan, Scale, fill
from service.inpainting.boxes import Box
from service.inpainting.seams import correct_seams
from service.traits import Traits
from tests.service.inpainting.engines import coded_photo, mean, noise, plane, plane_photo, truth_of
from tests.service.inpainting.holes import holes

SIZES = (64, 128)
REACH = 28  # small, so that holes of a few hundred pixels have several scales


def plan(hole: Hole, sizes: Sequence[int], **options: Any) -> Plan:
    return inpainting.plan(hole, sizes, **{"reach": REACH, **options})


def rectangle(height: int, width: int, box: Box) -> Hole:
    hole = np.zeros((height, width), np.bool_)
    hole[box.slices] = True
    return hole


def poison(image: Image, hole: Hole) -> Image:
    return np.where(hole[..., None], np.uint8(255) - image, image)


@settings(deadline=None, max_examples=40)
@given(hole=holes())
def test_known_pixels_stay_and_hole_content_is_never_read(hole: Hole) -> None:
    image = coded_photo(*hole.shape)
    made = plan(hole, SIZES)
    first = fill(image, hole, made, noise)
    second = fill(poison(image, hole), hole, made, noise)
    assert np.array_equal(first.image[~hole], image[~hole])
    assert np.array_equal(first.image, second.image)
    assert first.windows == len(made.windows)


@settings(deadline=None, max_examples=40)
@given(hole=holes(max_side=110))
def test_the_truth_predicted_is_the_truth_filled_in(hole: Hole) -> None:
    image = coded_photo(*hole.shape)
    made = plan(hole, (256,), reach=10**6)
    assert np.array_equal(fill(poison(image, hole), hole, made, truth_of(image)).image, image)


@settings(deadline=None, max_examples=25)
@given(hole=holes())
def test_the_truth_predicted_is_the_truth_filled_in_at_every_scale(hole: Hole) -> None:
    """A plane is a plane at every scale; only rounding to whole levels may remain."""
    image = plane_photo(*hole.shape)
    if hole.mean() > 0.8 or min(hole.shape) < 40:  # too little is known to fit a plane to
        hole = np.zeros_like(hole)
    made = plan(hole, SIZES)
    filled = fill(poison(image, hole), hole, made, plane).image
    assert np.abs(filled.astype(int) - image).max(initial=0) <= 12


def test_a_hole_of_many_windows_and_scales_is_filled_with_the_truth() -> None:
    hole = rectangle(700, 900, Box(150, 200, 550, 700))
    image = plane_photo(700, 900)
    made = plan(hole, SIZES)
    assert len(made.scales) > 1
    filled = fill(poison(image, hole), hole, made, plane).image.astype(int)
    assert np.abs(filled - image).max() <= 2


@pytest.mark.parametrize("corner", [(0, 0), (0, 880), (680, 0), (680, 880)])
def test_holes_in_corners(corner: tuple[int, int]) -> None:
    top, left = corner
    hole = rectangle(701, 907, Box(top, left, top + 21, left + 27))
    image = coded_photo(701, 907)
    made = plan(hole, SIZES)
    assert np.array_equal(fill(poison(image, hole), hole, made, truth_of(image)).image, image)


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (1, 997), (991, 1), (3, 5), (127, 131)])
def test_odd_photos_are_filled_whole(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 77, np.uint8)
    hole = np.ones(shape, np.bool_)
    hole[shape[0] // 2, shape[1] // 2] = False
    filled = fill(poison(image, hole), hole, plan(hole, SIZES), mean)
    assert (filled.image == 77).all()


def test_one_known_pixel_fills_a_photo_larger_than_a_window() -> None:
    image = np.full((301, 405, 3), 77, np.uint8)
    hole = np.ones((301, 405), np.bool_)
    hole[300, 404] = False
    made = plan(hole, SIZES)
    assert len(made.scales) > 1
    assert (fill(poison(image, hole), hole, made, mean).image == 77).all()


def test_no_hole_runs_nothing() -> None:
    image = coded_photo(1, 1)
    hole = np.zeros((1, 1), np.bool_)
    filled = fill(image, hole, plan(hole, SIZES), never)
    assert filled.windows == 0
    assert np.array_equal(filled.image, image)
    assert filled.image is not image


def never(images: Images, holes: Holes) -> Images:
    raise AssertionError("nothing should be run")


def test_every_window_shows_something_known_and_nothing_under_the_hole() -> None:
    hole = rectangle(600, 600, Box(100, 100, 500, 500))
    made = plan(hole, SIZES)
    seen: list[float] = []

    def infer(images: Images, holes: Holes) -> Images:
        assert not images[holes].any()
        seen.extend((~holes).mean(axis=(1, 2)))
        return images

    fill(np.full((600, 600, 3), 200, np.uint8), hole, made, infer)
    assert len(seen) == len(made.windows)
    assert min(seen) >= 1 / 64


def test_one_window_gives_the_prediction_corrected_at_the_seams_and_no_more() -> None:
    image = coded_photo(128, 128)
    hole = rectangle(128, 128, Box(40, 30, 90, 80))
    masked = np.where(hole[..., None], np.uint8(0), image)
    made = plan(hole, SIZES, reach=64)
    (prediction,) = noise(masked[None], hole[None])
    expected = np.where(hole[..., None], correct_seams(prediction, masked, ~hole, hole), image)
    assert np.array_equal(fill(image, hole, made, noise).image, expected)


def test_the_order_of_windows_and_groups_does_not_matter() -> None:
    image = coded_photo(500, 700)
    hole = rectangle(500, 700, Box(60, 60, 300, 400))
    hole[450:460, 600:690] = True
    made = plan(hole, SIZES)
    backwards = replace(
        made,
        groups=tuple(
            Group(
                group.hole,
                tuple(Scale(scale.factor, scale.windows[::-1]) for scale in group.scales),
            )
            for group in made.groups
        ),
    )
    turned = Plan(
        made.shape,
        made.groups[::-1],
        made.cell,
        np.where(made.owners < 0, -1, len(made.groups) - 1 - made.owners).astype(np.int32),
        made.cost,
    )
    filled = fill(image, hole, made, noise).image
    assert np.array_equal(fill(image, hole, backwards, noise).image, filled)
    assert np.array_equal(fill(image, hole, turned, noise).image, filled)


def test_no_step_is_left_at_the_rim_nor_where_windows_meet() -> None:
    """Every window is off by its own colour; blending and seam correction hide that."""
    rng = np.random.default_rng(0)
    hole = rectangle(400, 400, Box(80, 80, 320, 320))
    image = np.full((400, 400, 3), 128, np.uint8)

    def drifting(images: Images, holes: Holes) -> Images:
        drift = rng.integers(-40, 40, (len(images), 1, 1, 3))
        return (128 + np.broadcast_to(drift, images.shape)).astype(np.uint8)

    filled = fill(image, hole, plan(hole, SIZES), drifting).image.astype(np.float32)
    step = np.abs(cv2.filter2D(filled, -1, np.array([[-1, 1]], np.float32)))
    assert step[:, 76:84].max() <= 6
    assert step.max() <= 8


def test_windows_of_equal_size_run_together() -> None:
    hole = np.zeros((900, 900), np.bool_)
    hole[40:880:200, 40:880:200] = True
    batches: list[tuple[int, ...]] = []

    def infer(images: Images, holes: Holes) -> Images:
        batches.append(images.shape)
        return mean(images, holes)

    made = plan(hole, SIZES)
    fill(coded_photo(900, 900), hole, made, infer)
    assert batches == [(25, 128, 128, 3)]


def test_progress_and_checkpoints() -> None:
    hole = rectangle(500, 600, Box(100, 100, 400, 500))
    image = coded_photo(500, 600)
    made = plan(hole, SIZES)
    steps: list[tuple[int, int]] = []
    fill(image, hole, made, mean, on_progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert steps[-1] == (len(made.windows), len(made.windows))

    class StopError(Exception):
        pass

    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StopError

    runs = 0

    def counting(images: Images, holes: Holes) -> Images:
        nonlocal runs
        runs += 1
        return mean(images, holes)

    with pytest.raises(StopError):
        fill(image, hole, made, counting, checkpoint=checkpoint)
    assert runs < 3


def test_sizes_that_differ_are_refused() -> None:
    hole = rectangle(20, 20, Box(0, 0, 5, 5))
    made = plan(hole, SIZES)
    infer: Infer = mean
    with pytest.raises(ValueError, match="differ in size"):
        fill(coded_photo(20, 21), hole, made, infer)
    with pytest.raises(ValueError, match="differ in size"):
        fill(coded_photo(21, 20), rectangle(21, 20, Box(0, 0, 5, 5)), made, infer)


def test_thin_lines_are_shown_as_wide_as_the_network_knows_them() -> None:
    image, hole = coded_photo(90, 110), np.zeros((90, 110), np.bool_)
    hole[40, 10:100] = True
    seen: list[Hole] = []

    def infer(images: Images, holes: Holes) -> Images:
        seen.extend(holes)
        return truth_of(image)(images, holes)

    filled = fill(poison(image, hole), hole, plan(hole, (128,)), infer, traits=Traits())
    wide = fill(
        poison(image, hole), hole, plan(hole, (128,)), infer, traits=Traits(thinnest_hole=2)
    )
    assert np.array_equal(filled.image, image)
    assert np.array_equal(wide.image, image)
    assert [int(shown[:, 64].sum()) - int(shown[:, 9].sum()) for shown in seen] == [1, 2]

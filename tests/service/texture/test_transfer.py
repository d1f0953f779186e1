import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.texture import Crew, Transferred, find_contexts, memory_of, transfer
from tests.service.pictures import box_hole, noise, smooth
from tests.service.texture import drawn


def textured(height, width, seed=0):
    fine = noise(height, width, seed=seed).astype(int) - 128
    return np.clip(smooth(height, width, seed) + fine // 3, 0, 255).astype(np.uint8)


def transferred(image, hole, known=None, threads=1, **options):
    result = image.copy()
    crew = Crew(threads)
    try:
        told = transfer(result, hole, known, find_contexts(hole), crew, **options)
    finally:
        crew.close()
    return result, told


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("checkers of 20", drawn.checkers(20)),
        ("checkers of 37", drawn.checkers(37)),
        ("stripes", drawn.stripes()),
        ("dots", drawn.dots()),
        ("facade", drawn.facade()),
    ],
)
def test_drawn_patterns_go_through_the_hole(name, truth):
    hole = drawn.middle_hole()
    result, _ = transferred(drawn.poorly_filled(truth, hole), hole)
    assert drawn.psnr(result, truth, hole) >= 40, name


def scattered_holes(height=300, width=420):
    hole = box_hole(height, width, 20, 30, 50)
    hole[200:260, 60:75] = True
    hole[100:104, 200:400] = True
    hole[280:, 380:] = True
    return hole


def test_the_bytes_do_not_depend_on_the_threads():
    image, hole = textured(300, 420), scattered_holes()
    results = [transferred(image, hole, threads=threads)[0] for threads in (1, 2, 5)]
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0][hole], image[hole])


def test_known_pixels_stay_and_the_hole_under_the_fill_is_not_read_as_known():
    image, hole = textured(300, 420), scattered_holes()
    result, told = transferred(image, hole)
    assert np.array_equal(result[~hole], image[~hole])
    assert told == Transferred(told.groups, told.groups)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    holes=st.floats(0.01, 0.9),
    veiled=st.floats(0, 0.5),
    blocky=st.booleans(),
)
def test_any_hole_is_survived_and_known_pixels_stay(height, width, seed, holes, veiled, blocky):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    step = 9 if blocky else 1
    coarse = random.random((-(-height // step), -(-width // step)))
    marks = np.repeat(np.repeat(coarse, step, 0), step, 1)[:height, :width]
    hole, known = marks < holes, marks < 1 - veiled * (1 - holes)
    if not hole.any():
        hole[0, 0] = True
    result, _ = transferred(image, hole, known)
    assert np.array_equal(result[~hole], image[~hole])


def test_too_little_known_leaves_the_networks_fill():
    image = noise(40, 40)
    hole = np.ones((40, 40), np.bool_)
    hole[0] = False  # no patch fits into one row
    result, told = transferred(image, hole)
    assert np.array_equal(result, image)
    assert told == Transferred(1, 0)


def test_what_is_veiled_is_not_copied():
    image = np.full((120, 120, 3), (10, 200, 30), np.uint8)
    image[:, 60:] = (250, 0, 250)
    known = np.zeros((120, 120), np.bool_)
    known[:, :60] = True
    hole = box_hole(120, 120, 50, 40, 20)
    image[hole] = (10, 200, 30)
    result, _ = transferred(image, hole, known)
    assert np.abs(result[hole].astype(int) - (10, 200, 30)).max() <= 1


def test_grey_stays_grey():
    image = np.repeat(noise(100, 100, channels=1)[..., np.newaxis], 3, axis=2)
    hole = box_hole(100, 100, 40, 40, 24)
    result, _ = transferred(image, hole)
    assert (result == result[..., :1]).all()


def test_a_stopped_transfer_leaves_the_photo_alone():
    image, hole = textured(300, 420), scattered_holes()
    result = image.copy()
    calls = []

    def stop():
        calls.append(threading.get_ident())
        if len(calls) > 20:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        transfer(result, hole, None, find_contexts(hole), Crew(2), checkpoint=stop)
    assert np.array_equal(result, image)


def test_progress_counts_the_groups():
    told = []
    _, groups = transferred(
        textured(300, 420), scattered_holes(), on_progress=lambda *step: told.append(step)
    )
    assert told == [(done + 1, groups.groups) for done in range(groups.groups)]


def test_a_large_context_is_refined_at_the_finer_scales():
    image = textured(1300, 1300)
    hole = box_hole(1300, 1300, 400, 400, 430)
    contexts = find_contexts(hole)
    assert [context.coarser for context in contexts] == [1]
    result, told = transferred(image, hole, threads=2)
    assert told == Transferred(1, 1)
    assert np.array_equal(result[~hole], image[~hole])
    assert memory_of(contexts, 2) > 0

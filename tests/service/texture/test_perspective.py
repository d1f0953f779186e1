"""Steps that change with place: facades at a slant, and what must not be taken for one."""

import cv2
import numpy as np
import pytest

from service.texture.contexts import find_contexts
from service.texture.crew import Crew
from service.texture.perspective import are_known, find_fields, sources
from service.texture.pyramid import Level
from service.texture.repetition import find_repetition
from service.texture.scale import HOLE
from service.texture.transfer import transfer
from tests.service.texture import drawn


def repetition(image, hole, known):
    picture = np.dstack((image, np.full(hole.shape, 255, np.uint8)))
    masks = (mask.astype(np.uint8) * 255 for mask in (known, hole))
    crew = Crew(1)
    try:
        return find_repetition(Level(picture, *masks), crew)
    finally:
        crew.close()


def fields(image, hole):
    found = repetition(image, hole, ~hole)
    inside = (found.scale.state[found.scale.frame.slices] & HOLE) == 0
    return find_fields(found.scale, found.offsets, inside)


def filled(image, hole, threads=1):
    result = drawn.poorly_filled(image, hole)
    crew = Crew(threads)
    try:
        transfer(result, hole, None, find_contexts(hole), crew)
    finally:
        crew.close()
    return result


@pytest.mark.parametrize("slant", [0.1, 0.2, 0.3])
def test_a_facade_at_a_slant_goes_through_the_hole(slant):
    truth, hole = drawn.facade_at_a_slant(slant), drawn.middle_hole()
    assert drawn.psnr(filled(truth, hole), truth, hole) >= 27  # 22.5 at most without


def test_the_same_bytes_for_any_number_of_threads():
    truth, hole = drawn.facade_at_a_slant(0.2), drawn.middle_hole()
    assert np.array_equal(filled(truth, hole), filled(truth, hole, threads=3))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_copied_is_known(seed):
    truth, hole = drawn.facade_at_a_slant(0.2), drawn.middle_hole()
    random = np.random.default_rng(seed)
    veiled = np.kron(random.random((8, 8)) < 0.06 * seed, np.ones((50, 50))) > 0
    known = ~hole & ~veiled
    found = repetition(drawn.poorly_filled(truth, hole), hole, known)
    copied = found.labels[found.weight > 0]
    assert seed or len(copied)
    assert known[copied[:, 0], copied[:, 1]].all()


def test_fields_step_by_whole_windows():
    slant, hole = 0.2, drawn.middle_hole()
    found = fields(drawn.facade_at_a_slant(slant), hole)
    assert found
    places = np.argwhere(hole)[::50]
    to_wall = np.linalg.inv(drawn.view(slant))
    for field in found:
        there = places[:, ::-1] @ field[:, :2].T + field[:, 2]
        ends = (places[:, ::-1].astype(float), there)
        here, there = (cv2.perspectiveTransform(end[np.newaxis], to_wall)[0] for end in ends)
        windows = (there - here) / (105, 150)
        assert np.abs(windows - np.rint(windows.mean(axis=0))).max() < 0.15


@pytest.mark.parametrize(
    "image",
    [
        drawn.facade(),
        np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8),
        np.full((400, 400, 3), 90, np.uint8),
    ],
    ids=["a facade seen from the front", "noise", "nothing"],
)
def test_no_field_where_none_is_needed(image):
    assert not fields(image, drawn.middle_hole())


def test_sources_outside_of_the_picture_are_not_known():
    found = repetition(drawn.facade(), drawn.middle_hole(), ~drawn.middle_hole())
    field = np.array([(1.0, 0.0, 395.0), (0.0, 1.0, -3.0)])
    labels = sources(field, np.array([(3, 4), (2, 4), (3, 5)]))
    assert labels.tolist() == [[0, 399], [-1, 399], [0, 400]]
    assert are_known(found.scale, labels).tolist() == [True, False, False]

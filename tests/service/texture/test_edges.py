import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.inpainting.boxes import extent
from service.texture import Crew, edges
from service.texture.fill import fill_texture
from tests.service.pictures import noise

SIDE = 240
MIDDLE = SIDE / 2
GROUND, RAIL = (90, 120, 80), (225, 215, 200)


def line(image, angle, colour, thickness=7, shift=(0.0, 0.0), start=-1.0, end=1.0):
    """A line through the middle, moved by `shift`, drawn from `start` to `end` of its length."""
    along = SIDE * np.array([np.cos(angle), np.sin(angle)])
    ends = [np.array(shift) + MIDDLE + part * along for part in (start, end)]
    one, other = ([round(16 * value) for value in place] for place in ends)
    cv2.line(image, one, other, colour, thickness, cv2.LINE_AA, 4)


def scene(angle, colour=RAIL):
    """A rail over grainy ground."""
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = GROUND
    line(image, angle, colour)
    grain = (noise(SIDE, SIDE, seed=3).astype(int) - 128) // 12
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def square(half=32):
    hole = np.zeros((SIDE, SIDE), np.bool_)
    middle = SIDE // 2
    hole[middle - half : middle + half, middle - half : middle + half] = True
    return hole


def carried(image, hole, known=None, margin=4):
    """Number of edges, labels, weights and their frame."""
    frame = extent(hole).grow(margin, margin).clip(*hole.shape)
    labels = np.full((frame.height, frame.width, 2), -1, np.int32)
    weight = np.zeros((frame.height, frame.width), np.float32)
    picture = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    known = ~hole if known is None else known
    bridges = edges.find_bridges(picture, hole, known)
    return edges.carry_edges(bridges, hole, known, labels, weight, frame), labels, weight, frame


def filled(image, hole):
    guide = image.copy()
    guide[hole] = GROUND  # a guide that has lost the rail
    return fill_texture(guide, hole, ~hole, Crew(1))


@pytest.mark.parametrize("degrees", [0, 17, 45, 73, 90, 128, 164])
def test_a_rail_goes_through_where_the_guide_has_lost_it(degrees):
    image, hole = scene(np.radians(degrees)), square()
    rail = np.zeros(hole.shape, np.uint8)
    line(rail, np.radians(degrees), 255, thickness=3)
    inner = (rail > 127) & hole
    result = filled(image, hole)
    error = np.abs(result[inner].astype(int) - image[inner]).mean(axis=1)
    assert np.mean(error < 30) > 0.95


def test_a_roof_line_parts_two_surfaces():
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    above = rows - MIDDLE < 0.3 * (columns - MIDDLE)
    image[:] = np.where(above[..., np.newaxis], np.uint8((120, 160, 220)), np.uint8((130, 50, 40)))
    hole = square()
    guide = image.copy()
    guide[hole] = image[~hole].mean(axis=0)
    count, labels, weight, frame = carried(guide, hole)
    assert count == 1
    kept = weight == 1
    copied = image[labels[kept][:, 0], labels[kept][:, 1]].astype(int)
    error = np.abs(copied - image[frame.slices][kept]).max(axis=1)
    assert np.mean(error < 40) > 0.85  # the line itself may be off by half a pixel


def lone_end(image):
    line(image, 0.3, RAIL, end=0.0)


def shifted_end(image):
    line(image, 0.0, RAIL, end=0.0)
    line(image, 0.0, RAIL, start=0.0, shift=(0, 18))


def other_colour(image):
    line(image, 0.0, RAIL, end=0.0)
    line(image, 0.0, (30, 20, 160), start=0.0)


def bend(image):
    line(image, 0.0, RAIL, end=0.0)
    line(image, 0.7, RAIL, start=0.0)


@pytest.mark.parametrize("draw", [lone_end, shifted_end, other_colour, bend])
def test_ends_that_do_not_belong_together_are_left(draw):
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = GROUND
    draw(image)
    hole = square()
    image[hole] = GROUND
    count, _, weight, _ = carried(image, hole)
    assert count == 0
    assert not weight.any()


def test_nothing_is_found_in_a_flat_picture():
    image = np.full((SIDE, SIDE, 3), 128, np.uint8)
    assert carried(image, square())[0] == 0


def test_a_large_picture_is_looked_at_reduced(monkeypatch):
    image, hole = scene(0.4), square()
    image[hole] = GROUND
    monkeypatch.setattr(edges, "LOOKED_AT", SIDE // 2)
    count, labels, weight, _ = carried(image, hole)
    assert count >= 1
    kept = weight == 1
    copied = image[labels[kept][:, 0], labels[kept][:, 1]]
    assert np.mean(np.abs(copied - np.float32(RAIL)).max(axis=1) < 40) > 0.3  # a side of the rail


def test_what_repetition_explains_is_left_to_it():
    image, hole = scene(0.4), square()
    image[hole] = GROUND
    frame = extent(hole)
    labels = np.zeros((frame.height, frame.width, 2), np.int32)
    weight = np.ones((frame.height, frame.width), np.float32)
    picture = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    bridges = edges.find_bridges(picture, hole, ~hole)
    assert edges.carry_edges(bridges, hole, ~hole, labels, weight, frame) == 0
    assert not labels.any()


@settings(max_examples=20, deadline=None)
@given(
    degrees=st.floats(0, 180),
    boxes=st.lists(
        st.tuples(*[st.integers(0, SIDE - 8)] * 2, *[st.integers(4, 90)] * 2),
        min_size=1,
        max_size=5,
    ),
    veiled=st.booleans(),
)
def test_labels_of_any_weight_point_at_known_pixels_and_are_of_the_hole(degrees, boxes, veiled):
    image = scene(np.radians(degrees))
    hole = np.zeros((SIDE, SIDE), np.bool_)
    for top, left, height, width in boxes:
        hole[top : top + height, left : left + width] = True
    known = ~hole
    if veiled:
        known[:, : SIDE // 3] = False
    image[hole] = GROUND
    _, labels, weight, frame = carried(image, hole, known)
    written = weight > 0
    assert hole[frame.slices][written].all()
    assert known[labels[written][:, 0], labels[written][:, 1]].all()
    assert weight.max() <= 1

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from service.arrays import Hole
from service.inpainting import components
from service.inpainting.components import find_components
from tests.service.inpainting.holes import holes


def test_no_hole_has_no_components() -> None:
    found = find_components(np.zeros((20, 30), np.bool_))
    assert found.boxes.shape == (0, 4)
    assert (found.labels == -1).all()


def test_boxes_are_exact_and_far_parts_are_apart() -> None:
    hole = np.zeros((101, 203), np.bool_)
    hole[3:14, 5:6] = True
    hole[60:61, 190:203] = True
    found = find_components(hole)
    assert {tuple(box) for box in found.boxes.tolist()} == {(3, 5, 14, 6), (60, 190, 61, 203)}


@settings(deadline=None, max_examples=60)
@given(hole=holes())
def test_every_hole_pixel_lies_in_its_components_box(hole: Hole) -> None:
    found = find_components(hole)
    rows, columns = np.nonzero(hole)
    label = found.labels[rows // found.cell, columns // found.cell]
    assert (label >= 0).all()
    top, left, bottom, right = found.boxes[label].T
    assert ((top <= rows) & (rows < bottom) & (left <= columns) & (columns < right)).all()


@settings(deadline=None, max_examples=60)
@given(hole=holes())
def test_boxes_are_tight(hole: Hole) -> None:
    found = find_components(hole)
    pixels = np.repeat(np.repeat(found.labels, found.cell, 0), found.cell, 1)
    pixels = np.where(hole, pixels[: hole.shape[0], : hole.shape[1]], -1)
    for label, box in enumerate(found.boxes):
        rows, columns = np.nonzero(pixels == label)
        assert (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1) == tuple(box)


@settings(deadline=None, max_examples=60)
@given(hole=holes())
def test_pixels_that_touch_are_of_one_component(hole: Hole) -> None:
    found = find_components(hole)
    count, fine = cv2.connectedComponents(hole.view(np.uint8), connectivity=8)
    rows, columns = np.nonzero(hole)
    coarse = found.labels[rows // found.cell, columns // found.cell]
    pairs = set(zip(fine[rows, columns].tolist(), coarse.tolist(), strict=True))
    assert len(pairs) == count - 1


@settings(deadline=None, max_examples=60)
@given(hole=holes())
def test_depth_is_an_upper_bound(hole: Hole) -> None:
    found = find_components(hole)
    distance = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rows, columns = np.nonzero(hole)
    label = found.labels[rows // found.cell, columns // found.cell]
    assert (distance[rows, columns] <= found.depths[label]).all()


def test_cells_grow_until_the_components_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "MAX_COMPONENTS", 10)
    hole = np.zeros((400, 400), np.bool_)
    hole[::40, ::40] = True
    found = find_components(hole)
    assert len(found.boxes) <= 10
    assert found.cell > components.CELL
    assert found.boxes[:, :2].min() == 0
    assert found.boxes[:, 2:].max() == 361


def test_depth_of_a_thin_line_is_small_and_of_a_disc_its_radius() -> None:
    hole = np.zeros((500, 900), np.bool_)
    hole[10, :] = True
    hole[60:460, 100:500] = True
    line, block = sorted(find_components(hole).depths)
    assert line < 3 * components.CELL
    assert 200 <= block < 200 + 3 * components.CELL

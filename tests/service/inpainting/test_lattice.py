import numpy as np

from service.inpainting.boxes import Box
from service.inpainting.lattice import add_lattice
from service.inpainting.layers import Layer

LATTICE = 4


def coarse_layer(factor: int, top: int, left: int) -> Layer:
    """A filled coarse scale whose colours tell the place: (row, column, 7)."""
    y, x = np.mgrid[top : top + 40, left : left + 40]
    image = np.stack((y, x, np.full_like(y, 7)), axis=-1).astype(np.uint8)
    return Layer(image, np.zeros((40, 40), np.bool_), factor, top, left)


def fine_layer(factor: int, height: int = 99, width: int = 99) -> Layer:
    """The scale that the coarse fill is shown to; only its place matters here."""
    return Layer(np.zeros((height, width, 3), np.uint8), np.ones((height, width), np.bool_), factor)


def test_a_photo_lower_than_the_first_point_has_its_points_in_the_last_row() -> None:
    hole = np.ones((16, 16), np.bool_)
    mask = np.zeros_like(hole)
    mask[7] = True
    black = np.zeros((16, 16, 3), np.uint8)
    box = Box(-7, 0, 9, 16)
    _, seen = add_lattice(
        black, hole, mask, box, fine_layer(1, height=1), coarse_layer(4, 0, 0), LATTICE
    )
    assert np.flatnonzero(~seen[7]).tolist() == list(range(LATTICE // 2, 16, LATTICE))


def test_points_are_evenly_spread_over_the_photo_and_carry_the_coarse_fill() -> None:
    box = Box(21, 34, 53, 66)
    hole = np.ones((32, 32), np.bool_)
    image, seen = add_lattice(
        np.zeros((32, 32, 3), np.uint8),
        hole,
        hole,
        box,
        fine_layer(1),
        coarse_layer(4, 3, 5),
        LATTICE,
    )
    rows, columns = np.nonzero(~seen)
    assert len(rows) == (32 // LATTICE) ** 2
    assert ((rows + box.top) % LATTICE == LATTICE // 2).all()
    assert ((columns + box.left) % LATTICE == LATTICE // 2).all()
    assert np.array_equal(image[rows, columns, 0], (rows + box.top) // 4)
    assert np.array_equal(image[rows, columns, 1], (columns + box.left) // 4)
    assert (image[seen] == 0).all()


def test_known_pixels_and_the_holes_of_others_stay_as_they_are() -> None:
    image = np.full((16, 16, 3), 50, np.uint8)
    hole = np.ones((16, 16), np.bool_)
    hole[:4] = False
    mask = hole.copy()
    mask[:, 8:] = False
    _, seen = add_lattice(
        image, hole, mask, Box(0, 0, 16, 16), fine_layer(1), coarse_layer(4, 0, 0), LATTICE
    )
    assert not seen[:4].any()
    assert seen[4:, 8:].all()
    assert not seen[4:, :8].all()
    assert (image == 50).all()
    assert hole[4:].all()


def test_windows_see_the_same_point_at_the_same_place() -> None:
    """Overlapping windows agree on the lattice, wherever they lie, at negative places too."""
    coarser = coarse_layer(8, 0, 0)
    hole = np.ones((24, 24), np.bool_)
    black = np.zeros((24, 24, 3), np.uint8)
    inside = hole.copy()
    inside[:3] = inside[:, :5] = False
    first, first_seen = add_lattice(
        black, hole, inside, Box(-3, -5, 21, 19), fine_layer(2), coarser, LATTICE
    )
    second, second_seen = add_lattice(
        black, hole, hole, Box(4, 1, 28, 25), fine_layer(2), coarser, LATTICE
    )
    assert np.array_equal(first_seen[7:, 6:], second_seen[:17, :18])
    assert np.array_equal(first[7:, 6:], second[:17, :18])

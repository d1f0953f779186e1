import numpy as np

from service.inpainting import plan
from service.inpainting.picture import HOLE_COLOUR, LONGEST_SIDE, describe_plan, draw_plan


def test_every_speck_shows_even_when_scaled_down() -> None:
    hole = np.zeros((2500, 4001), np.bool_)
    hole[1777, 2333] = True
    picture = draw_plan(np.zeros((2500, 4001, 3), np.uint8), hole, plan(hole, (256,)))
    assert max(picture.shape) == LONGEST_SIDE
    assert (picture == HOLE_COLOUR).all(axis=-1).sum() == 1


def test_windows_over_the_edge_enlarge_the_picture() -> None:
    hole = np.zeros((3, 50), np.bool_)
    hole[1, 4] = True
    picture = draw_plan(np.full((3, 50, 3), 200, np.uint8), hole, plan(hole, (64,)))
    assert picture.shape == (64, 64, 3)


def test_a_photo_without_hole_or_of_one_pixel_can_be_drawn() -> None:
    for shape in ((1, 1), (1, 9000), (30, 40)):
        hole = np.zeros(shape, np.bool_)
        picture = draw_plan(np.full((*shape, 3), 200, np.uint8), hole, plan(hole, (64,)))
        assert picture.max() <= 100


def test_the_description_counts_windows_by_scale_and_size() -> None:
    hole = np.zeros((900, 900), np.bool_)
    hole[100:500, 100:500] = True
    hole[800, 800] = True
    lines = describe_plan(plan(hole, (128, 256), reach=40))
    assert lines[0].startswith("1/8: 1 of ")
    assert lines[1].startswith("native: 1 of 128 px, ")

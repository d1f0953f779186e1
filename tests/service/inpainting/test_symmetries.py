"""Seeds as symmetries: windows are shown turned, and predictions come back as the photo lies."""

import numpy as np
import pytest

from service.arrays import Holes, Images
from service.inpainting import fill, plan
from service.inpainting.boxes import Box
from service.inpainting.symmetries import AS_IT_IS, symmetry_of
from service.traits import Traits
from tests.service.inpainting.engines import coded_photo, noise, plane, plane_photo

SEEDS = range(8)
# By seed, what NumPy's own functions do to a square.
TURNED = [
    lambda square: square,
    np.fliplr,
    np.flipud,
    lambda square: np.rot90(square, 2),
    lambda square: np.swapaxes(square, 0, 1),
    lambda square: np.rot90(square, -1),
    np.rot90,
    lambda square: np.rot90(np.swapaxes(square, 0, 1), 2),
]
IMAGE = coded_photo(60, 60)
HOLE = np.zeros((60, 60), np.bool_)
HOLE[Box(20, 25, 41, 38).slices] = True


@pytest.mark.parametrize("seed", SEEDS)
def test_a_window_is_turned_as_numpy_does_and_back(seed: int) -> None:
    symmetry = symmetry_of(seed)
    image, hole = symmetry.turn(IMAGE, HOLE)
    np.testing.assert_array_equal(image, TURNED[seed](IMAGE))
    np.testing.assert_array_equal(hole, TURNED[seed](HOLE))
    np.testing.assert_array_equal(symmetry.back(image), IMAGE)


def test_seeds_beyond_seven_begin_again() -> None:
    assert symmetry_of(0) == symmetry_of(8) == AS_IT_IS
    assert symmetry_of(2**31 - 1) == symmetry_of(7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_network_sees_turned_windows(seed: int) -> None:
    shown: list[tuple[Images, Holes]] = []

    def record(images: Images, holes: Holes) -> Images:
        shown.append((images, holes))
        return images

    made = plan(HOLE, (64,))
    for each in (0, seed):
        fill(IMAGE, HOLE, made, record, seed=each)
    (plain, hole), (turned, turned_hole) = shown
    np.testing.assert_array_equal(turned[0], TURNED[seed](plain[0]))
    np.testing.assert_array_equal(turned_hole[0], TURNED[seed](hole[0]))


def test_what_does_not_depend_on_the_way_up_comes_back_the_same() -> None:
    image = plane_photo(60, 60)
    made = plan(HOLE, (64,))
    first = fill(image, HOLE, made, plane).image.astype(int)
    for seed in SEEDS:
        assert np.abs(fill(image, HOLE, made, plane, seed=seed).image - first).max() <= 1


def test_what_does_gives_eight_fills_that_leave_known_pixels_alone() -> None:
    fills = [fill(IMAGE, HOLE, plan(HOLE, (64,)), noise, seed=seed).image for seed in SEEDS]
    assert len({each.tobytes() for each in fills}) == len(SEEDS)
    for each in fills:
        np.testing.assert_array_equal(each[~HOLE], IMAGE[~HOLE])


def test_a_lattice_stays_where_the_network_knows_it() -> None:
    hole = np.zeros((300, 300), np.bool_)
    hole[30:270, 30:270] = True
    image, made, traits = plane_photo(300, 300), plan(hole, (64,), reach=28), Traits(lattice=4)
    kept: dict[int, list[bytes]] = {}
    for seed in (0, 7):
        kept[seed] = shown = []

        def record(images: Images, holes: Holes, shown: list[bytes] = shown) -> Images:
            shown.extend(each.tobytes() for each in holes)
            return np.full_like(images, 127)

        fill(image, hole, made, record, traits=traits, seed=seed)
    finest = len(made.groups[0].scales[-1].windows)
    assert kept[0][-finest:] == kept[7][-finest:]

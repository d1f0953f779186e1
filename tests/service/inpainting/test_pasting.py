import numpy as np

from service.arrays import Hole, Holes, Image, Images
from service.inpainting import fill, plan
from service.inpainting.boxes import Box
from service.inpainting.layers import Layer
from service.inpainting.pasting import paste_coarse
from service.traits import Traits
from tests.service.inpainting.engines import plane_photo

PLAIN = Traits(reach=20, lattice=0)


def ramp(height: int, width: int, factor: int, top: int, left: int) -> Image:
    """Colours that grow by one for every photo pixel, taken in the middles of blocks."""
    y, x = np.mgrid[:height, :width] * factor + (factor - 1) / 2
    return np.stack((y + top * factor, x + left * factor, 0 * y + 7), axis=-1).astype(np.uint8)


def test_the_deep_part_is_enlarged_into_its_place_and_known() -> None:
    fine = Layer(np.zeros((96, 96, 3), np.uint8), np.ones((96, 96), np.bool_))
    coarser = Layer(ramp(20, 20, 4, 2, 3), np.zeros((20, 20), np.bool_), 4, 2, 3)
    hole = np.ones((64, 64), np.bool_)
    hole[:5] = False
    box = Box(17, 22, 81, 86)
    image, seen = paste_coarse(
        np.full((64, 64, 3), 200, np.uint8), hole, hole, box, fine, coarser, reach=20
    )
    assert seen[5:25].all()
    assert not seen[25:].any()
    assert not seen[:5].any()
    assert (image[:25] == 200).all()
    rows, columns = np.mgrid[17 + 25 : 17 + 60, 22 : 22 + 60]
    expected = np.stack((rows, columns, np.full_like(rows, 7)), axis=-1)
    assert np.abs(image[25:60, :60].astype(int) - expected).max() <= 1


def rectangle() -> Hole:
    hole = np.zeros((500, 700), np.bool_)
    hole[100:420, 150:600] = True
    return hole


def keeps_known(images: Images, holes: Holes) -> Images:
    """A network that copies what it sees as known, and paints the mean of that elsewhere."""
    assert not holes.all(axis=(1, 2)).any(), "a window that shows nothing known"
    out = images.copy()
    for picture, hole in zip(out, holes, strict=True):
        picture[hole] = picture[~hole].mean(axis=0)
    return out


def test_a_network_without_lattices_fills_large_holes_coarse_to_fine() -> None:
    image, hole = plane_photo(500, 700), rectangle()
    made = plan(hole, (64, 128), reach=PLAIN.reach)
    assert len(made.scales) > 1
    traits = Traits(reach=20, lattice=0, predicts_known=False)
    filled = fill(image, hole, made, keeps_known, traits=traits).image
    assert np.array_equal(filled[~hole], image[~hole])
    assert np.abs(filled.astype(int) - image).mean() < 25


def test_it_is_shown_no_lattice() -> None:
    hole = rectangle()

    def infer(images: Images, holes: Holes) -> Images:
        for shown in holes:
            # Known pixels of a lattice stand alone, pasted ones have neighbours.
            alone = ~shown[1:-1, 1:-1] & shown[:-2, 1:-1] & shown[2:, 1:-1]
            assert not alone.any()
        return images.copy()

    made = plan(hole, (64, 128), reach=PLAIN.reach)
    fill(plane_photo(500, 700), hole, made, infer, traits=PLAIN)

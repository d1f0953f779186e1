import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from service.errors import NothingKnown, SizesDiffer
from service.imaging.decoding import Photo, opened_image
from service.imaging.mask_planes import read_planes
from service.imaging.masks import check_hole, decode_mask, dilate, hole_of_transparency
from tests.service.pictures import box_hole, file_of, noise


def decode(data: bytes, *, invert: bool = False):
    return decode_mask(io.BytesIO(data), 10**6, invert=invert)


def photo(height: int, width: int) -> Photo:
    return Photo(np.zeros((height, width, 3), np.uint8), None, None)


def over_black(image: Image.Image):
    """The brightest channel, laid over black, as exact fractions."""
    samples = np.array(image.convert("RGBA")).astype(np.int64)
    return samples[:, :, :3].max(axis=2) * samples[:, :, 3] / 255


def mask_images() -> dict[str, Image.Image]:
    grey = Image.fromarray(noise(300, 20, channels=1))
    palette = Image.fromarray(noise(20, 20)).quantize(32)
    clear = palette.copy()
    clear.info["transparency"] = bytes(range(0, 256, 8))
    return {
        "1": grey.convert("1"),
        "L": grey,
        "LA": Image.fromarray(noise(20, 20, channels=2), "LA"),
        "RGB": Image.fromarray(noise(20, 20)),
        "RGBA": Image.fromarray(noise(300, 20, channels=4)),
        "P": palette,
        "P with transparency": clear,
        "CMYK": Image.fromarray(noise(20, 20)).convert("CMYK"),
    }


@pytest.mark.parametrize("name", mask_images())
def test_every_kind_of_mask_is_laid_over_black(name):
    image = mask_images()[name]
    data = file_of(image, "JPEG" if name == "CMYK" else "PNG")
    with opened_image(io.BytesIO(data), "mask", 10**6) as stored:
        planes = read_planes(stored)
    expected = over_black(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(planes.bright, np.ceil(expected - 1e-9))
    assert (planes.alpha is not None) == ("A" in name or name == "P with transparency")


@pytest.mark.parametrize("name", ["1", "L", "RGB", "P", "CMYK"])
def test_of_every_kind_of_opaque_mask_the_bright_part_is_hole(name):
    data = file_of(mask_images()[name], "JPEG" if name == "CMYK" else "PNG")
    expected = over_black(Image.open(io.BytesIO(data))) > 127
    hole = decode(data)
    assert hole.dtype == np.bool_
    np.testing.assert_array_equal(hole, expected)
    np.testing.assert_array_equal(decode(data, invert=True), ~expected)


def test_white_is_hole():
    hole = decode(file_of(np.array([[0, 127, 128, 255]], np.uint8)))
    assert hole.tolist() == [[False, False, True, True]]


def test_red_strokes_on_a_transparent_canvas_are_hole():
    canvas = np.zeros((4, 4, 4), np.uint8)
    canvas[1, 2] = (255, 0, 0, 255)
    canvas[3, 3] = (255, 255, 255, 0)  # white that nobody sees
    assert np.argwhere(decode(file_of(canvas))).tolist() == [[1, 2]]


def test_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(file_of(noise(10, 20, channels=1), exif=exif.tobytes())).shape == (20, 10)


def test_without_a_mask_the_transparent_pixels_are_hole():
    alpha = np.array([[0, 127, 128, 255]], np.uint8)
    assert hole_of_transparency(alpha, 1, 4).tolist() == [[True, True, False, False]]
    assert not hole_of_transparency(None, 3, 4).any()


def test_sizes_that_differ_are_both_named():
    with pytest.raises(SizesDiffer, match=r"20 x 10 pixels and the mask 5 x 6"):
        check_hole(np.zeros((6, 5), np.bool_), photo(10, 20))


def test_something_must_be_known():
    with pytest.raises(NothingKnown):
        check_hole(np.ones((4, 4), np.bool_), photo(4, 4))
    check_hole(np.zeros((4, 4), np.bool_), photo(4, 4))


def test_dilation_grows_a_disc():
    hole = box_hole(21, 21, top=10, left=10, side=1)
    grown = dilate(hole, 5)
    rows, columns = np.indices(hole.shape)
    np.testing.assert_array_equal(grown, np.hypot(rows - 10, columns - 10) <= 5)


@given(
    hole=hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    radius=st.integers(0, 9),
)
def test_dilation_is_every_pixel_within_the_radius(hole, radius):
    before = hole.copy()
    grown = dilate(hole, radius)
    points = np.argwhere(hole)
    for row, column in np.ndindex(hole.shape):
        near = any(np.hypot(row - y, column - x) <= radius for y, x in points)
        assert grown[row, column] == near
    np.testing.assert_array_equal(hole, before)


@pytest.mark.parametrize(
    ("mask_size", "words"),
    [((4, 6), "stored as 6 x 4 and its EXIF orientation turns it"), ((5, 5), "turned by its EXIF")],
)
def test_sizes_that_differ_because_a_photo_was_turned_say_so(mask_size, words):
    turned = Photo(np.zeros((6, 4, 3), np.uint8), None, None, turned=True)
    with pytest.raises(SizesDiffer, match=words):
        check_hole(np.zeros(mask_size, np.bool_), turned)
    with pytest.raises(SizesDiffer) as plain:
        check_hole(np.zeros(mask_size, np.bool_), photo(6, 4))
    assert "EXIF" not in plain.value.detail

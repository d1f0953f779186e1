"""What people send as a mask, and what it has to mean."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from service.errors import InvalidRequest
from service.imaging.decoding import Photo
from service.imaging.masks import decode_mask
from tests.service.pictures import box_hole, file_of, noise

HEIGHT, WIDTH = 30, 40
HOLE = box_hole(HEIGHT, WIDTH, top=8, left=12, side=9)
PHOTO = Photo(noise(HEIGHT, WIDTH, seed=5), None, None)


def decode(
    image, kind: str = "PNG", *, invert: bool = False, photo: Photo | None = PHOTO, **options
):
    data = file_of(image if isinstance(image, Image.Image) else np.asarray(image), kind, **options)
    return decode_mask(io.BytesIO(data), 10**6, invert=invert, photo=photo)


def grey(value: int, hole=HOLE):
    return np.where(hole, value, 0).astype(np.uint8)


def strokes(colour, alpha: int, hole=HOLE):
    """One colour at one opacity on a transparent canvas."""
    canvas = np.zeros((*hole.shape, 4), np.uint8)
    canvas[hole] = (*colour, alpha)
    return canvas


def overlapping(colour, once: int, twice: int):
    """Strokes that cross: more opaque where they do."""
    canvas = strokes(colour, once)
    canvas[10:14, 12:21, 3] = twice
    return canvas


def two_inks(one, other):
    canvas = strokes(one, 255)
    canvas[8:12, 12:21, :3] = other
    return canvas


def dark_palette(black: int, mark: int):
    """A palette that is white but for black and a mark that is nearly black."""
    image = Image.fromarray(np.where(HOLE, mark, black).astype(np.uint8), "P")
    colours = [(255, 255, 255)] * (max(black, mark) + 1)
    colours[black], colours[mark] = (0, 0, 0), (1, 1, 1)
    image.putpalette([sample for colour in colours for sample in colour])
    return image


def grey_alpha(value: int, alpha):
    return Image.fromarray(np.dstack((np.full(alpha.shape, value, np.uint8), alpha)), "LA")


def palette(*colours: tuple[int, int, int]):
    image = Image.fromarray(HOLE.astype(np.uint8), "P")
    image.putpalette([sample for colour in colours for sample in colour])
    return image


def inverted_palette():
    image = Image.fromarray((~HOLE).astype(np.uint8), "P")
    image.putpalette([60, 60, 60, 0, 0, 0])
    return image


def erased(photo=PHOTO, alpha: int = 0, noise_levels: int = 0):
    moved = photo.pixels.astype(int) + noise_levels
    colours = moved.clip(0, 255).astype(np.uint8)
    return np.dstack((colours, np.where(HOLE, alpha, 255).astype(np.uint8)))


MEANT = {
    "white on black": grey(255),
    "just above the threshold": grey(128),
    "0 and 1": grey(1),
    "0 and 127": grey(127),
    "0 and 1 in three channels": np.dstack([grey(1)] * 3),
    "0 and 1, opaque RGBA": np.dstack([grey(1)] * 3 + [np.full(HOLE.shape, 255, np.uint8)]),
    "1 bit": Image.fromarray(HOLE),
    "palette, index 1 is nearly black": palette((0, 0, 0), (1, 1, 1)),
    "palette, both colours black": palette((0, 0, 0), (0, 0, 0)),
    "palette, index 1 is white": palette((0, 0, 0), (255, 255, 255)),
    "palette, index 1 is dark red": palette((0, 0, 0), (128, 0, 0)),
    "black ink": strokes((0, 0, 0), 255),
    "dark blue ink": strokes((0, 0, 90), 255),
    "red at 40 %": strokes((255, 0, 0), 102),
    "red at 90 %": strokes((255, 0, 0), 230),
    "white at 10 %": strokes((255, 255, 255), 25),
    "black at 1 %": strokes((0, 0, 0), 3),
    "red at 40 %, overlapping": overlapping((255, 0, 0), 102, 163),
    "red and dark blue": two_inks((255, 0, 0), (0, 0, 100)),
    "palette, the mark is index 0": inverted_palette(),
    "palette, black is index 3": dark_palette(3, 7),
    "shape in alpha, LA black": grey_alpha(0, grey(255)),
    "shape in alpha, LA white": grey_alpha(255, grey(255)),
    "shape in alpha, RGBA one colour": np.dstack([np.full_like(PHOTO.pixels, 60), grey(255)]),
    "white on black, all at 40 %": np.dstack([grey(255)] * 3 + [np.full_like(grey(0), 102)]),
    "the photo, erased": erased(),
    "the photo of another decoder, erased": erased(noise_levels=3),
    "the photo, erased but for a shade": erased(alpha=100),
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_plainly_meant_is_filled(name):
    np.testing.assert_array_equal(decode(MEANT[name]), HOLE)


BLACK_INK = ["black ink", "dark blue ink", "black at 1 %", "red at 40 %", "white at 10 %"]
BLACK_INK += ["shape in alpha, LA black", "shape in alpha, RGBA one colour"]
BLACK_INK += ["red at 40 %, overlapping"]


@pytest.mark.parametrize("name", BLACK_INK)
def test_dark_strokes_inverted_are_asked_about(name):
    """ "Black is hole" and "what is drawn is kept" differ, and both would be plausible."""
    try:
        hole = decode(MEANT[name], invert=True)
    except InvalidRequest as refused:
        assert "without invert_mask" in refused.detail  # noqa: PT017
        return
    np.testing.assert_array_equal(hole, ~HOLE)  # some of it is bright, so white is kept


@pytest.mark.parametrize("name", [name for name in MEANT if name not in BLACK_INK])
def test_inverting_swaps_hole_and_known(name):
    np.testing.assert_array_equal(decode(MEANT[name], invert=True), ~HOLE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("name", ["black ink", "red at 40 %", "the photo, erased", "0 and 1"])
def test_webp_means_the_same(kind, name):
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    image = MEANT[name]
    if image.ndim == 2:
        image = np.dstack([image] * 3)
    np.testing.assert_array_equal(decode(image, kind, **options), HOLE)


def constant_palette(index: int):
    image = Image.fromarray(np.full((HEIGHT, WIDTH), index, np.uint8), "P")
    image.putpalette([255, 255, 255] * index + [0, 0, 0])
    return image


NOTHING = {
    "black": grey(0),
    "black RGB": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    "transparent": np.zeros((HEIGHT, WIDTH, 4), np.uint8),
    "transparent white": np.dstack([np.full((HEIGHT, WIDTH, 3), 255, np.uint8), grey(0)]),
    "black palette": Image.fromarray(grey(0), "P"),
    "black palette at another index": constant_palette(10),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_mask_that_shows_nothing_marks_nothing(name):
    assert not decode(NOTHING[name]).any()


def labels(*values: int):
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place, value in enumerate(values):
        image[3 * place : 3 * place + 2] = value
    return image


UNCLEAR = {
    "label ids": (labels(1, 2, 3), r"4 values \(0, 1, 2, 3\)"),
    "many label ids": (labels(1, 2, 3, 4, 5, 6, 7), r"8 values \(0, 1, 2, 3, 4, 5, \.\.\.\)"),
    "two values, none of them 0": (labels(7) + np.uint8(20), r"2 values \(20, 27\)"),
    "palette of labels": (Image.fromarray(labels(1, 2), "P"), r"3 values"),
    "OpenAI's mask, black": (strokes((0, 0, 0), 255, ~HOLE), "marks 93% of the photo"),
    "OpenAI's mask, white": (strokes((255, 255, 255), 255, ~HOLE), "marks 93% of the photo"),
    "another, darker picture, erased": (
        np.dstack(((PHOTO.pixels * 0.7).astype(np.uint8), np.where(HOLE, 0, 255).astype(np.uint8))),
        "marks 93% of",
    ),
    "another photo, erased": (erased(Photo(noise(HEIGHT, WIDTH), None, None)), r"marks \d+% of"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_cannot_be_told_is_refused_in_words(name):
    image, words = UNCLEAR[name]
    if name == "palette of labels":
        image.putpalette([0, 0, 0, 1, 1, 1, 2, 2, 2])
    with pytest.raises(InvalidRequest, match=words):
        decode(image)


def test_the_cure_named_for_a_transparent_hole_works():
    for colour in ((0, 0, 0), (255, 255, 255)):
        mask = strokes(colour, 255, ~HOLE)
        np.testing.assert_array_equal(decode(mask, invert=True), HOLE)


@pytest.mark.parametrize("mark", [200, 254])
def test_marks_on_white_are_filled_where_black_is_hole(mark):
    page = np.where(HOLE, mark, 255).astype(np.uint8)
    np.testing.assert_array_equal(decode(page, invert=True), HOLE)


def test_nearly_white_strokes_over_a_white_page_are_not_the_page():
    white = Photo(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), None, None)
    mask = strokes((255, 255, 255), 255)
    mask[::2, :, :3] = 250
    np.testing.assert_array_equal(decode(mask, photo=white), HOLE)


def test_of_a_cut_out_only_what_was_erased_is_filled():
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[:, :6] = 0
    cut_out = Photo(PHOTO.pixels, alpha, None)
    mask = np.dstack((PHOTO.pixels, np.where(HOLE, 0, alpha)))
    np.testing.assert_array_equal(decode(mask, photo=cut_out), HOLE)


def test_strokes_over_a_photo_of_their_colour_are_not_the_photo():
    white = Photo(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), None, None)
    mask = strokes((255, 255, 255), 255)
    np.testing.assert_array_equal(decode(mask, photo=white), HOLE)


def test_an_erased_photo_is_recognised_after_both_were_turned():
    turned = Image.Exif()
    turned[0x0112] = 6
    stored = np.rot90(erased(), 1)  # orientation 6 turns it clockwise again
    mask = decode(np.ascontiguousarray(stored), exif=turned.tobytes())
    np.testing.assert_array_equal(mask, HOLE)


def test_a_grey_photo_erased_is_recognised():
    photo = Photo(noise(HEIGHT, WIDTH, channels=1), None, None)
    mask = Image.fromarray(np.dstack((photo.pixels, np.where(HOLE, 0, 255).astype(np.uint8))), "LA")
    np.testing.assert_array_equal(decode(mask, photo=photo), HOLE)


def test_soft_strokes_are_cut_at_half_of_their_opacity():
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[4, :9] = [10, 20, 30, 40, 50, 60, 70, 80, 81]
    hole = decode(np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint8), alpha]))
    assert np.flatnonzero(hole[4]).tolist() == [4, 5, 6, 7, 8]


@given(
    samples=hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(4))),
    invert=st.booleans(),
)
def test_any_canvas_is_a_hole_or_refused(samples, invert):
    try:
        hole = decode(samples, invert=invert, photo=None)
    except InvalidRequest:
        return
    assert hole.shape == samples.shape[:2]
    assert hole.dtype == np.bool_


@given(
    samples=hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))),
    invert=st.booleans(),
)
def test_of_an_opaque_mask_the_bright_part_is_hole(samples, invert):
    bright = samples.max(axis=2)
    if bright.max() > 127 and not (invert and bright.min() > 127):
        hole = decode(samples, invert=invert, photo=None)
        np.testing.assert_array_equal(hole, (bright > 127) != invert)

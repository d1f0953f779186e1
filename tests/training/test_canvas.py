"""Photos on canvases."""

import numpy as np
import pytest

from tests.training.conftest import make_photo
from training.canvas import lay_on_canvas
from training.decoding import decode
from training.photos import PhotoFolder


def test_a_photo_that_fits_lies_in_the_corner_and_repeats_its_edge():
    photo = make_photo(0, 20, 30)
    canvas, size = lay_on_canvas(photo, 24, 40)
    assert (canvas.shape, size) == ((24, 40, 3), (20, 30, 0))
    np.testing.assert_array_equal(canvas[:20, :30], photo)
    assert (canvas[20:, :30] == photo[-1]).all()
    assert (canvas[:20, 30:] == photo[:, -1:]).all()


def test_portraits_are_laid_on_their_side():
    photo = make_photo(0, 30, 20)
    canvas, size = lay_on_canvas(photo, 24, 40)
    assert size == (20, 30, 1)
    np.testing.assert_array_equal(canvas[:20, :30], photo.transpose(1, 0, 2))


def test_what_is_higher_is_scaled_down_by_averaging_and_what_is_wider_cut_in_the_centre():
    photo = make_photo(0, 48, 200)
    canvas, size = lay_on_canvas(photo, 24, 40)
    assert size == (24, 40, 0)
    small = photo.reshape(24, 2, 100, 2, 3).mean((1, 3))
    assert abs(canvas - small[:, 30:70]).max() <= 1


def test_a_folder_is_decoded_once_with_its_chances(photo_folder, tmp_path):
    folder = PhotoFolder([photo_folder])
    chances = np.arange(len(folder))
    photos = decode(folder, chances, (64, 80), quiet=True)
    assert photos.pixels.shape == (8, 64, 80, 3)
    # Broken photos are never drawn, nor is what has no chance.
    names = [path.name for path in folder.paths]
    good = np.array(["photo" in name for name in names])
    np.testing.assert_array_equal(photos.chances, np.where(good, chances, 0))
    assert folder.broken == set(np.flatnonzero(~good))
    first = names.index("photo1.png")
    wanted, size = lay_on_canvas(make_photo(1), 64, 80)
    np.testing.assert_array_equal(photos.pixels[first], wanted)
    assert tuple(photos.sizes[first]) == size

    spilled = decode(folder, chances, (64, 80), spill=tmp_path / "photos.npy", quiet=True)
    assert isinstance(spilled.pixels, np.memmap)
    np.testing.assert_array_equal(spilled.pixels, photos.pixels)


def test_nothing_but_broken_photos_is_said(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(ValueError, match="None of 1 photos can be read"):
        decode(PhotoFolder([tmp_path]), [1], (8, 8), quiet=True)

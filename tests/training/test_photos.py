"""Folders of photos."""

import logging

import cv2
import numpy as np
import pytest

from tests.training.conftest import make_photo
from training.photos import PhotoFolder, read_photo


def test_finds_photos_at_any_depth_and_reads_them_as_rgb(photo_folder):
    photos = PhotoFolder([photo_folder])
    assert [path.name for path in photos.paths] == [
        "broken.jpg",
        "empty.png",
        "photo0.png",
        "photo2.png",
        "photo4.png",
        "photo1.png",
        "photo3.png",
        "photo5.png",
    ]
    np.testing.assert_array_equal(photos.read(3), make_photo(2))


def test_broken_photos_are_counted_and_warned_of_once(photo_folder, caplog):
    photos = PhotoFolder([photo_folder])
    with caplog.at_level(logging.WARNING):
        assert all(photos.read(0) is None and photos.read(1) is None for _ in range(3))
    assert photos.broken == {0, 1}
    assert [record.message.split("/")[-1] for record in caplog.records] == [
        "broken.jpg",
        "empty.png",
    ]


def test_keeps_photos_in_memory_up_to_the_limit(photo_folder):
    size = make_photo(0).nbytes
    photos = PhotoFolder([photo_folder], cache_bytes=2 * size)
    first = [photos.read(index) for index in range(2, 8)]
    again = [photos.read(index) for index in range(2, 8)]
    assert sum(a is b for a, b in zip(first, again, strict=True)) == 2
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_grey_alpha_and_16_bit_come_as_rgb(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape, dtype in [
        ("grey", (8, 9), np.uint8),
        ("alpha", (8, 9, 4), np.uint8),
        ("deep", (8, 9, 3), np.uint16),
    ]:
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), rng.integers(0, np.iinfo(dtype).max, shape).astype(dtype))
        photo = read_photo(path)
        assert photo is not None
        assert photo.shape == (8, 9, 3)
        assert photo.dtype == np.uint8


def test_the_fingerprint_tells_data_apart(photo_folder):
    before = PhotoFolder([photo_folder]).fingerprint()
    assert PhotoFolder([photo_folder]).fingerprint() == before
    (photo_folder / "class1" / "photo1.png").unlink()
    assert PhotoFolder([photo_folder]).fingerprint() != before


def test_says_when_there_is_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match="No folder"):
        PhotoFolder([tmp_path / "missing"])
    with pytest.raises(ValueError, match="No photos"):
        PhotoFolder([tmp_path])

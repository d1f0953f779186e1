import io

import numpy as np
import pytest
from PIL import Image

from service.errors import BrokenImage
from service.imaging import decoding
from service.imaging.decoding import decode_photo
from service.imaging.fast_jpeg import read_jpeg
from tests.service.pictures import file_of, noise, opened, smooth


def jpeg(samples, **options) -> bytes:
    return file_of(samples, "JPEG", quality=90, **options)


def read(data: bytes):
    image = Image.open(io.BytesIO(data))
    return read_jpeg(io.BytesIO(data), image.mode, image.height, image.width)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (7, 33), (64, 64), (129, 250)])
def test_pixels_are_those_of_pillow(subsampling, progressive, size):
    data = jpeg(noise(*size), subsampling=subsampling, progressive=progressive)
    np.testing.assert_array_equal(read(data), np.asarray(opened(data)))


def test_grey_is_read_as_grey():
    data = jpeg(noise(20, 30, 1))
    pixels = read(data)
    assert pixels.shape == (20, 30)
    np.testing.assert_array_equal(pixels, np.asarray(opened(data)))


def test_rgb_without_a_change_of_colours_is_read_too():
    data = jpeg(noise(20, 30), keep_rgb=True)
    np.testing.assert_array_equal(read(data), np.asarray(opened(data)))


def test_cmyk_is_left_to_pillow():
    data = jpeg(opened(file_of(noise(9, 9))).convert("CMYK"))
    assert read(data) is None
    assert decode_photo(io.BytesIO(data), 100).pixels.shape == (9, 9, 3)


def test_truncated_files_are_refused():
    data = jpeg(noise(64, 64))
    for length in range(len(data) // 2, len(data) - 2, 97):
        assert read(data[:length]) is None
        with pytest.raises(BrokenImage):
            decode_photo(io.BytesIO(data[:length]), 10**6)


def test_a_remark_leaves_the_file_to_pillow():
    whole = jpeg(smooth(64, 64), restart_marker_blocks=1)
    odd = whole.replace(b"\xff\xd3", b"\xff\xd4", 1)  # restart markers out of turn
    assert read(odd) is None
    np.testing.assert_array_equal(
        decode_photo(io.BytesIO(odd), 10**6).pixels, np.asarray(opened(odd))
    )


def test_the_first_of_several_pictures_is_read_fast(monkeypatch):
    monkeypatch.setattr(decoding, "strips", lambda _: pytest.fail("Pillow decoded it"))
    first, second = smooth(40, 30), noise(40, 30)
    file = io.BytesIO()
    Image.fromarray(first).save(
        file, "MPO", quality=95, save_all=True, append_images=[Image.fromarray(second)]
    )
    photo = decode_photo(file, 10**6)
    assert np.abs(photo.pixels.astype(int) - first).mean() < 4


def test_orientation_and_profile_survive():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode_photo(io.BytesIO(jpeg(smooth(20, 30), exif=exif)), 10**6)
    assert photo.pixels.shape == (30, 20, 3)
    assert photo.pixels.flags.c_contiguous


def test_a_file_much_longer_than_its_pixels_is_not_read_into_memory():
    data = jpeg(smooth(20, 30)) + bytes(2**20 + 4 * 20 * 30)
    assert read(data) is None
    assert decode_photo(io.BytesIO(data), 10**6).pixels.shape == (20, 30, 3)

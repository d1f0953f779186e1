import struct
import zlib

import cv2
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.imaging import fast_png
from service.imaging.decoding import Photo
from service.imaging.fast_png import write_png
from tests.service.pictures import noise, samples_of, smooth


def chunks(file):
    """Kind and data of a PNG's chunks, their check sums checked."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(file):
        (length,) = struct.unpack_from(">I", file, at)
        body = file[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", file, at + 8 + length) == (zlib.crc32(body),)
        yield body[:4], body[4:]
        at += 12 + length


def unfiltered(file, height, width, channels):
    """Samples of a PNG with filter type 3, as ISO/IEC 15948, 9.2 has it, one by one."""
    data = zlib.decompress(b"".join(data for kind, data in chunks(file) if kind == b"IDAT"))
    rows = np.frombuffer(data, np.uint8).reshape(height, 1 + width * channels)
    assert (rows[:, 0] == 3).all()
    result = np.zeros((height + 1, channels + width * channels), int)
    for y in range(height):
        for x in range(width * channels):
            mean = (result[y + 1, x] + result[y, x + channels]) // 2
            result[y + 1, x + channels] = (rows[y, 1 + x] + mean) % 256
    return result[1:, channels:].reshape(height, width, channels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_the_filter_is_the_standard_s(channels, has_alpha, monkeypatch):
    monkeypatch.setattr(fast_png, "STRIP_BYTES", 100)
    pixels, alpha = noise(11, 9, channels), noise(11, 9, 1, seed=1) if has_alpha else None
    file = write_png(Photo(pixels, alpha, None), None)
    expected = np.dstack([pixels, *([alpha] if has_alpha else [])])
    np.testing.assert_array_equal(unfiltered(file, 11, 9, expected.shape[2]), expected)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4])).flatmap(
        lambda shape: arrays.arrays(np.uint8, shape)
    ),
    st.sampled_from([1, 64, 1 << 18]),
)
def test_every_sample_comes_back_whatever_the_strips(samples, strip_bytes):
    colours = samples.shape[2] - (samples.shape[2] % 2 == 0)
    pixels = samples[:, :, 0] if colours == 1 else samples[:, :, :3]
    alpha = None if samples.shape[2] == colours else samples[:, :, -1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_png, "STRIP_BYTES", strip_bytes)
        file = write_png(Photo(np.ascontiguousarray(pixels), alpha, None), None)
    np.testing.assert_array_equal(samples_of(file).reshape(samples.shape), samples)


def test_other_decoders_read_it_too():
    pixels = noise(50, 70)
    file = write_png(Photo(pixels, None, None), None)
    read = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(read, pixels)


def test_stored_samples_are_not_compressed():
    photo = Photo(smooth(64, 64), None, None)
    assert len(write_png(photo, None, compress=False)) > photo.pixels.size
    assert len(write_png(photo, None)) < photo.pixels.size * 0.7

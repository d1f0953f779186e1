import numpy as np
import pytest
from PIL import ImageCms

from service.errors import InvalidRequest
from service.imaging.decoding import Photo
from service.imaging.encoding import Encoding, check_encodable, encode
from tests.service.pictures import noise, opened, samples_of, smooth

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(("output", "level"), [("png", 0), ("png", 1), ("png", 2), ("webp", 1)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_png_and_webp_keep_every_sample(output, level, channels, has_alpha):
    pixels = noise(17, 23, channels)
    alpha = noise(17, 23, 1, seed=1) if has_alpha else None
    image = opened(encode(Photo(pixels, alpha, None), output, Encoding(png_compression=level)))
    expected = pixels if channels == 3 else np.stack([pixels] * 3, axis=2)
    if has_alpha:
        expected = np.dstack([expected, alpha])
    np.testing.assert_array_equal(np.array(image.convert("RGBA" if has_alpha else "RGB")), expected)


def test_samples_under_full_transparency_are_kept():
    photo = Photo(noise(9, 9), np.zeros((9, 9), np.uint8), None)
    for output in ("png", "webp"):
        data = encode(photo, output, Encoding())
        np.testing.assert_array_equal(samples_of(data)[:, :, :3], photo.pixels)


def test_grey_is_written_as_grey():
    assert opened(encode(Photo(noise(5, 5, 1), None, None), "png", Encoding())).mode == "L"
    assert opened(encode(Photo(noise(5, 5, 1), None, None), "jpeg", Encoding())).mode == "L"


def test_jpeg_has_no_transparency_and_stays_close():
    pixels = smooth(32, 32)
    photo = Photo(pixels, np.zeros((32, 32), np.uint8), None)
    image = opened(encode(photo, "jpeg", Encoding(jpeg_quality=95)))
    assert image.mode == "RGB"
    assert np.abs(np.array(image).astype(int) - pixels).mean() < 3


@pytest.mark.parametrize(("output", "level"), [("png", 1), ("png", 2), ("webp", 1), ("jpeg", 1)])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_the_profile_is_kept(output, level, has_alpha):
    pixels = noise(5, 5)
    alpha = noise(5, 5, 1) if has_alpha else None
    image = opened(encode(Photo(pixels, alpha, SRGB), output, Encoding(png_compression=level)))
    assert image.info["icc_profile"] == SRGB
    if output != "jpeg":
        np.testing.assert_array_equal(np.array(image)[:, :, :3], pixels)


@pytest.mark.parametrize("shape", [(1, 1_000_001), (1_000_001, 1), (1, 1), (1, 70_000)])
def test_png_holds_the_longest_sides(shape):
    pixels = noise(*shape)
    np.testing.assert_array_equal(
        samples_of(encode(Photo(pixels, None, None), "png", Encoding())), pixels
    )


def test_compression_makes_png_smaller():
    photo = Photo(smooth(64, 64), None, None)
    fast, small = (encode(photo, "png", Encoding(png_compression=level)) for level in (0, 9))
    assert len(small) < len(fast)
    np.testing.assert_array_equal(samples_of(small), samples_of(fast))


def test_a_side_that_a_format_cannot_hold_is_refused():
    check_encodable(16384, 1, "png")
    with pytest.raises(InvalidRequest, match="16383"):
        check_encodable(16384, 1, "webp")


@pytest.mark.parametrize("output", ["png", "webp", "jpeg"])
@pytest.mark.parametrize("megabytes", [1, 17])
def test_an_answer_can_be_opened_however_long_the_profile(output, megabytes):
    photo = Photo(smooth(9, 9), None, bytes(megabytes * 2**20))
    kept = opened(encode(photo, output, Encoding())).info.get("icc_profile")
    assert kept == (photo.icc if megabytes == 1 else None)

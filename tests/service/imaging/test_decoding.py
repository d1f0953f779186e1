import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from service.errors import BrokenImage, TooManyPixels, UnsupportedImage
from service.imaging.decoding import STRIP_ROWS, decode_photo, upright
from tests.service.pictures import file_of, noise, opened, png_chunk, raw_png

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CMYK_PROFILE = b"\0" * 16 + b"CMYK" + b"\0" * 108


def decode(data: bytes, max_pixels: int = 10**6):
    return decode_photo(io.BytesIO(data), max_pixels)


def palette_image(transparent: bool) -> Image.Image:
    image = Image.fromarray(noise(20, 30)).quantize(16)
    if transparent:
        image.info["transparency"] = bytes([0, 128] + [255] * 14)
    return image


@pytest.mark.parametrize("height", [1, STRIP_ROWS - 1, STRIP_ROWS, STRIP_ROWS + 1])
def test_rgb_is_decoded_bit_for_bit(height):
    samples = noise(height, 13)
    photo = decode(file_of(samples))
    assert photo.pixels.flags.c_contiguous
    assert photo.alpha is None
    np.testing.assert_array_equal(photo.pixels, samples)


def test_grey_stays_grey():
    samples = noise(20, 30, channels=1)
    photo = decode(file_of(samples))
    assert photo.is_grey
    np.testing.assert_array_equal(photo.pixels, samples)
    np.testing.assert_array_equal(photo.rgb(), np.stack([samples] * 3, axis=2))


def test_grey_of_one_bit_is_widened():
    photo = decode(file_of(Image.fromarray(noise(9, 9, channels=1) > 127)))
    assert photo.is_grey
    assert set(np.unique(photo.pixels)) == {0, 255}


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_rgba_is_split(kind):
    samples = noise(20, 30, channels=4)
    photo = decode(file_of(samples, kind))
    np.testing.assert_array_equal(photo.pixels, samples[:, :, :3])
    np.testing.assert_array_equal(photo.alpha, samples[:, :, 3])


def test_grey_with_alpha_is_split():
    samples = noise(20, 30, channels=2)
    photo = decode(file_of(Image.fromarray(samples, "LA")))
    np.testing.assert_array_equal(photo.pixels, samples[:, :, 0])
    np.testing.assert_array_equal(photo.alpha, samples[:, :, 1])


@pytest.mark.parametrize("transparent", [False, True])
def test_palette_becomes_rgb(transparent):
    image = palette_image(transparent)
    photo = decode(file_of(image))
    expected = np.array(image.convert("RGBA"))
    np.testing.assert_array_equal(photo.pixels, expected[:, :, :3])
    if transparent:
        np.testing.assert_array_equal(photo.alpha, expected[:, :, 3])
    else:
        assert photo.alpha is None


def test_a_transparent_colour_becomes_alpha():
    samples = noise(4, 4)
    samples[1, 1] = (1, 2, 3)
    photo = decode(file_of(samples, transparency=(1, 2, 3)))
    assert photo.alpha is not None
    assert photo.alpha[1, 1] == 0
    assert photo.alpha.sum() == 15 * 255


@pytest.mark.parametrize(("bits", "first", "key"), [(1, 0x80, 1), (2, 0x80, 2), (4, 0x80, 8)])
def test_a_transparent_grey_of_few_bits_becomes_alpha(bits, first, key):
    data = raw_png(2, 1, bits, 0, bytes([0, first]), png_chunk(b"tRNS", key.to_bytes(2, "big")))
    photo = decode(data)
    assert photo.is_grey
    np.testing.assert_array_equal(photo.alpha, [[0, 255]])


def test_cmyk_becomes_rgb_and_loses_its_profile():
    image = Image.fromarray(noise(16, 16)).convert("CMYK")
    data = file_of(image, "JPEG", icc_profile=CMYK_PROFILE)
    photo = decode(data)
    np.testing.assert_array_equal(photo.pixels, np.array(opened(data).convert("RGB")))
    assert photo.icc is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_profile_is_kept(kind):
    assert decode(file_of(noise(8, 8), kind, icc_profile=SRGB)).icc == SRGB


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_orientation_is_applied_as_pillow_does(turn, kind):
    exif = Image.Exif()
    exif[0x0112] = turn
    data = file_of(noise(24, 40), kind, exif=exif.tobytes())
    expected = np.array(ImageOps.exif_transpose(opened(data)).convert("RGB"))
    np.testing.assert_array_equal(decode(data).pixels, expected)


@given(turn=st.integers(1, 8), height=st.integers(1, 9), width=st.integers(1, 9))
def test_upright_moves_pixels_and_changes_none(turn, height, width):
    samples = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    turned = upright(samples, turn)
    assert turned.shape == ((width, height) if turn >= 5 else (height, width))
    assert sorted(turned.ravel()) == list(range(height * width))


def test_damaged_exif_costs_nobody_the_photo():
    samples = noise(8, 8)
    data = file_of(samples, "WEBP", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    np.testing.assert_array_equal(decode(data).pixels, samples)


def test_16_bits_are_refused_in_words():
    with pytest.raises(UnsupportedImage, match="16 bits a sample"):
        decode(file_of(np.zeros((2, 2), np.uint16)))


def test_animation_is_refused():
    frames = [Image.fromarray(noise(8, 8, seed=seed)) for seed in range(2)]
    with pytest.raises(UnsupportedImage, match="animated"):
        decode(file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:]))


def test_a_camera_jpeg_with_a_second_picture_is_its_first_picture():
    first = Image.fromarray(noise(16, 16))
    data = file_of(first, "MPO", save_all=True, append_images=[first])
    np.testing.assert_array_equal(decode(data).pixels, np.array(opened(data)))


def test_a_bomb_is_refused_from_its_header():
    bomb = raw_png(30_000, 30_000, 1, 0, bytes(1000))
    with pytest.raises(TooManyPixels, match="30000 x 30000"):
        decode(bomb, max_pixels=50_000_000)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_files_are_broken(kind, share):
    data = file_of(noise(64, 64), kind)
    with pytest.raises(BrokenImage, match="image"):
        decode(data[: int(len(data) * share)])


def test_a_flipped_byte_in_png_data_is_noticed():
    data = bytearray(file_of(noise(64, 64)))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(BrokenImage):
        decode(bytes(data))


def test_sizes_that_contradict_each_other_are_refused():
    data = bytearray(file_of(noise(16, 16), "WEBP", icc_profile=SRGB))
    data[24] = 99  # the canvas of the extended header
    with pytest.raises(BrokenImage):
        decode(bytes(data))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("quality", [10, 80])
def test_lossy_webp_is_decoded_as_pillow_decodes_it(channels, quality):
    data = file_of(noise(37, 53, channels), "WEBP", lossless=False, quality=quality)
    photo = decode(data)
    expected = np.array(opened(data))
    np.testing.assert_array_equal(photo.pixels, expected[:, :, :3])
    if channels == 4:
        np.testing.assert_array_equal(photo.alpha, expected[:, :, 3])

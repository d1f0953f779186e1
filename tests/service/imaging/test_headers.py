import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.errors import BrokenImage, UnsupportedImage
from service.imaging.headers import read_header
from tests.service.pictures import file_of, noise, png_chunk, raw_png


def header_of(data: bytes):
    return read_header(io.BytesIO(data), "image")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (300, 2)])
def test_format_and_size_are_those_of_the_file(kind, height, width):
    header = header_of(file_of(noise(height, width), kind))
    assert (header.format, header.width, header.height) == (kind, width, height)
    assert header.bits == 8
    assert not header.animated


@pytest.mark.parametrize(
    "options",
    [{"lossless": True}, {"lossless": False}, {"lossless": True, "icc_profile": b"x" * 200}],
    ids=["VP8L", "VP8", "VP8X"],
)
def test_every_kind_of_webp_is_measured(options):
    header = header_of(file_of(noise(33, 50), "WEBP", **options))
    assert (header.width, header.height) == (50, 33)


def test_progressive_jpeg_with_metadata_is_measured():
    data = file_of(noise(20, 30), "JPEG", progressive=True, icc_profile=b"i" * 70_000)
    assert (header_of(data).width, header_of(data).height) == (30, 20)


def test_16_bit_png_is_seen():
    assert header_of(file_of(np.zeros((2, 2), np.uint16))).bits == 16
    rgb = raw_png(1, 1, 16, 2, b"\0" + bytes(6))
    assert header_of(rgb).bits == 16


def test_animation_is_seen():
    frames = [Image.fromarray(noise(8, 8, seed=seed)) for seed in range(3)]
    for kind in ("PNG", "WEBP"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
        assert header_of(data).animated


def test_apng_of_one_frame_is_not_animated():
    control = png_chunk(b"acTL", struct.pack(">II", 1, 0))
    assert not header_of(raw_png(1, 1, 8, 0, b"\0\0", control)).animated


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(30), b"BM" + bytes(60), b"<svg/>", b"RIFF    WAVE"]
)
def test_other_formats_are_unsupported(data):
    with pytest.raises(UnsupportedImage):
        header_of(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_header_cut_off_is_a_broken_image(kind):
    with pytest.raises(BrokenImage):
        header_of(file_of(noise(8, 8), kind)[:15])


def test_the_file_is_left_at_its_start():
    file = io.BytesIO(file_of(noise(8, 8), "JPEG"))
    read_header(file, "image")
    assert file.tell() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff" + b"\xff" * 10_000_000,
        b"\xff\xd8\xff\xe0\x00\x02" * 2_000_000,
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", bytes(8)) + png_chunk(b"tEXt", b"") * 800_000,
    ],
    ids=["filling", "empty segments", "empty chunks"],
)
def test_hostile_files_are_not_walked_to_their_end(data):
    class Counting(io.BytesIO):
        reads = 0

        def read(self, size=-1):
            self.reads += 1
            return super().read(size)

    file = Counting(data)
    with pytest.raises(BrokenImage):
        read_header(file, "image")
    assert file.reads < 200_000


@given(
    start=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF1234WEBP"]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_give_a_header_or_a_problem(start, rest):
    try:
        header = header_of(start + rest)
    except (UnsupportedImage, BrokenImage):
        return
    assert header.width >= 1
    assert header.height >= 1

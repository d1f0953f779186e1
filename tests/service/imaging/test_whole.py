"""What has all of its pixels is taken, what lacks pixels is refused, wherever it is cut."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from service.errors import BrokenImage
from service.imaging.decoding import decode_photo
from service.imaging.masks import decode_mask
from tests.service.pictures import file_of, noise, opened, smooth

END = b"\xff\xd9"
TOLD = re.compile(r"\d+%|all of its pixels")


def decode(data: bytes) -> np.ndarray:
    photo = decode_photo(io.BytesIO(data), 10**6)
    return photo.pixels if photo.alpha is None else np.dstack((photo.pixels, photo.alpha))


def picture() -> np.ndarray:
    """Neither smooth nor noise: what is missing anywhere shows."""
    return smooth(72, 88) // 2 + noise(72, 88) // 4


def comment(data: bytes) -> bytes:
    return b"\xff\xfe" + struct.pack(">H", len(data) + 2) + data


def cmyk() -> Image.Image:
    return Image.fromarray(picture()).convert("CMYK")


JPEGS = {
    "baseline": file_of(picture(), "JPEG", quality=90),
    "low": file_of(picture(), "JPEG", quality=30),
    "grey": file_of(picture()[..., 0], "JPEG", quality=80),
    "restarts": file_of(picture(), "JPEG", restart_marker_blocks=2),
    "progressive": file_of(picture(), "JPEG", progressive=True, quality=85),
    "progressive grey": file_of(picture()[..., 1], "JPEG", progressive=True),
    "progressive restarts": file_of(picture(), "JPEG", progressive=True, restart_marker_rows=1),
    "cmyk": file_of(cmyk(), "JPEG"),
}
# What stands in front of the pixels and draws a remark from the decoder, or none.
HEADS = {"plain": b"", "odd": b"zz", "comment": comment(b"a" * 40)}


def with_head(data: bytes, more: bytes) -> bytes:
    """A JPEG with bytes behind its first segment."""
    behind = 4 + int.from_bytes(data[4:6], "big")
    return data[:behind] + more + data[behind:]


def cuts(data: bytes, step: int) -> list[int]:
    """Where to cut: everywhere near the ends of the compressed data, elsewhere now and then."""
    scans = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    near = {scan + offset for scan in scans for offset in range(-3, 16)}
    rest = range(scans[0], len(data) - 2, step)
    return sorted(
        near.union(rest, range(len(data) - 12, len(data) - 2)) & set(range(len(data) - 2))
    )


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", JPEGS)
def test_a_cut_jpeg_is_refused_with_or_without_an_end(kind, head):
    data = with_head(JPEGS[kind], HEADS[head])
    for cut in cuts(data, 113):
        for end in (b"", END):
            with pytest.raises(BrokenImage) as refusal:
                decode(data[:cut] + end)
            assert TOLD.search(str(refusal.value)), str(refusal.value)


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\xff\xff", END, b"junk" + END, END + b"junk"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_only_its_end_is_whole(kind, head, tail):
    whole = JPEGS[kind]
    data = with_head(whole, HEADS[head])[:-2] + tail
    expected = np.asarray(opened(whole).convert("L" if "grey" in kind else "RGB"))
    np.testing.assert_array_equal(decode(data), expected)
    assert decode_mask(io.BytesIO(data), 10**6).shape == (72, 88)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_missing_rows_of_a_jpeg_are_counted(share):
    """Every restart interval is one row of blocks, so that a cut leaves whole rows."""
    whole = file_of(picture()[..., 0], "JPEG", restart_marker_rows=1, quality=95)
    starts = [m.start() for m in re.finditer(rb"\xff[\xd0-\xd7]", whole)]
    rows = round(share * 9)
    with pytest.raises(BrokenImage, match=f"{1 - rows / 9:.0%} .* from row {8 * rows + 1} of 72"):
        decode(whole[: starts[rows - 1]])


def test_the_later_a_progressive_jpeg_is_cut_the_less_is_missing():
    whole = JPEGS["progressive"]
    told = []
    for cut in range(len(whole) // 4, len(whole) - 2, 41):
        with pytest.raises(BrokenImage, match="passes") as refusal:
            decode(whole[:cut])
        told.append(int(re.findall(r"(\d+)%", str(refusal.value))[0]))
    assert told == sorted(told, reverse=True)
    assert told[0] > 30 > told[-1] >= 1


def png(samples: np.ndarray, interlaced: bool = False, **options: object) -> bytes:
    data = file_of(samples, "PNG", **options)
    if not interlaced:
        return data
    return interlaced_png(samples)


def interlaced_png(samples: np.ndarray) -> bytes:
    """Adam7 of 8-bit grey, rows unfiltered."""
    height, width = samples.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    rows = b"".join(
        b"\0" + row.tobytes()
        for x, y, dx, dy in [*passes, (0, 1, 1, 2)]
        for row in samples[y::dy, x::dx]
        if row.size
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(piece(*part) for part in parts)


def piece(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNGS = {
    "rgb": file_of(picture()),
    "grey": file_of(picture()[..., 0]),
    "rgba": file_of(np.dstack((picture(), picture()[..., 0]))),
    "palette": file_of(Image.fromarray(picture()).quantize(40)),
    "bits": file_of(Image.fromarray(picture()).convert("1")),
    "interlaced": interlaced_png(picture()[..., 0]),
}
PNG_TAIL = 12 + 4 + 4  # end, checksum of the chunk, checksum of the compressed data


@pytest.mark.parametrize("kind", PNGS)
def test_a_png_is_whole_without_its_end_and_refused_without_pixels(kind):
    whole = PNGS[kind]
    expected = decode(whole)
    for cut in range(len(whole) - PNG_TAIL, len(whole)):
        np.testing.assert_array_equal(decode(whole[:cut]), expected)
    end = len(whole) - PNG_TAIL
    for cut in [*range(end - 40, end - 2), *range(60, end - 40, 173)]:
        for end in (b"", piece(b"IEND", b"")):
            with pytest.raises(BrokenImage):
                decode(whole[:cut] + end)


@pytest.mark.parametrize("kind", PNGS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_png_data_that_end_early_are_refused_with_the_share(kind, share):
    """The compressed data are sound, and shorter than the picture: Pillow leaves the rest black."""
    whole = PNGS[kind]
    start = whole.index(b"IDAT")
    (length,) = struct.unpack(">I", whole[start - 4 : start])
    rows = zlib.decompress(whole[start + 4 : start + 4 + length])
    data = whole[: start - 4] + piece(b"IDAT", zlib.compress(rows[: int(share * len(rows))]))
    for end in (b"", piece(b"IEND", b"")):
        with pytest.raises(BrokenImage) as refusal:
            decode(data + end)
        number = re.findall(r"(\d+)%", str(refusal.value).replace(" all of", " 100% of"))
        assert abs(int(number[0]) - 100 * (1 - share)) <= 1
        with pytest.raises(BrokenImage):
            decode_mask(io.BytesIO(data + end), 10**6)


def test_black_rows_at_the_end_of_a_png_are_no_loss():
    samples = picture()
    samples[60:] = 0
    np.testing.assert_array_equal(decode(file_of(samples)), samples)


WEBPS = {
    "lossless": file_of(picture(), "WEBP"),
    "lossy": file_of(picture(), "WEBP", lossless=False, quality=70),
    "alpha": file_of(np.dstack((picture(), picture()[..., 0])), "WEBP", lossless=False),
    "behind": file_of(picture(), "WEBP", xmp=b"<x/>" * 50, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
}


@pytest.mark.parametrize("kind", WEBPS)
def test_a_webp_cut_behind_its_pixels_is_whole_and_one_cut_in_them_is_not(kind):
    whole = WEBPS[kind]
    expected = decode(whole)
    end = len(whole)
    if kind == "behind":
        end = whole.index(b"EXIF")
        for cut in range(end, len(whole)):
            np.testing.assert_array_equal(decode(whole[:cut]), expected)
    for cut in [*range(end - 20, end - 1), *range(50, end - 20, 97)]:
        with pytest.raises(BrokenImage) as refusal:
            decode(whole[:cut])
        assert TOLD.search(str(refusal.value)) or cut < 80, str(refusal.value)

"""Metadata travel with the photo, upright and without what would tell too much."""

import io
import itertools
import re
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from service.imaging.decoding import Photo, decode_photo
from service.imaging.encoding import Encoding, encode
from service.imaging.exif import ExifEditor, ExifError
from service.imaging.metadata import MetadataMode, read_metadata
from service.imaging.png_chunks import chunk
from tests.service.pictures import file_of, noise, opened

SECRET = b"NORTH48"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description tiff:Orientation='
    b'"6" exif:GPSLatitude="48,51.5N" dc:title="lake"><photoshop:City>Paris</photoshop:City>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def exif(order: str = "<", thumbnail: bytes = b"\xff\xd8THUMB\xff\xd9") -> bytes:
    """EXIF with orientation 6, a maker, sub-directories, a position and a thumbnail."""
    data = bytearray({"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8))

    def directory(entries: list[tuple[int, int, int, bytes]], following: int) -> bytes:
        parts = [struct.pack(order + "H", len(entries))]
        for tag, kind, count, value in entries:
            parts.append(struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0"))
        return b"".join(parts) + struct.pack(order + "I", following)

    word = lambda number: struct.pack(order + "I", number)  # noqa: E731
    short = lambda number: struct.pack(order + "H", number)  # noqa: E731
    main, maker = 8, 8 + 2 + 4 * 12 + 4
    sub = maker + 8
    note = sub + 2 + 3 * 12 + 4
    gps = note + 16
    place = gps + 2 + 2 * 12 + 4
    second = place + 8
    picture = second + 2 + 2 * 12 + 4
    assert main == len(data)
    data += directory(
        [
            (0x010F, 2, 8, word(maker)),
            (0x0112, 3, 1, short(6)),
            (0x8769, 4, 1, word(sub)),
            (0x8825, 4, 1, word(gps)),
        ],
        second,
    )
    data += b"Maker X\0"
    data += directory(
        [(0x927C, 7, 16, word(note)), (0xA002, 4, 1, word(30)), (0xA003, 4, 1, word(20))], 0
    )
    data += b"NOTE " + SECRET + bytes(4)
    data += directory([(1, 2, 2, b"N\0"), (2, 2, 8, word(place))], 0)
    data += SECRET + b"\0"
    data += directory([(0x0201, 4, 1, word(picture)), (0x0202, 4, 1, word(len(thumbnail)))], 0)
    return b"Exif\0\0" + bytes(data) + thumbnail


def answer(data: bytes, output: str = "png", mode: MetadataMode = "keep", level: int = 1) -> bytes:
    photo = decode_photo(io.BytesIO(data), 10**6)
    photo.metadata = photo.metadata.for_mode(mode)
    return encode(photo, output, Encoding(png_compression=level))  # type: ignore[arg-type]


def photo_file(kind: str, **options: object) -> bytes:
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        return file_of(noise(20, 30), kind, exif=exif(), pnginfo=info, dpi=(300, 200), **options)
    return file_of(noise(20, 30), kind, exif=exif(), xmp=XMP, dpi=(300, 200), **options)


@pytest.mark.parametrize("level", [1, 6])
@pytest.mark.parametrize("output", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_xmp_and_density_are_kept_upright(kind, output, level):
    kept = opened(answer(photo_file(kind), output, level=level))
    assert kept.size == (20, 30)
    tags = kept.getexif()
    assert (tags[0x010F], tags[0x0112]) == ("Maker X", 1)
    sub = tags.get_ifd(0x8769)
    assert (sub[0xA002], sub[0xA003]) == (20, 30)
    assert SECRET in sub[0x927C]
    assert b"THUMB" not in kept.info["exif"]
    assert not tags.get_ifd(1)
    assert b'title="lake"' in kept.info["xmp"]
    assert b'tiff:Orientation="1"' in kept.info["xmp"]
    if "WEBP" not in (kind, output.upper()):
        assert [round(number) for number in kept.info["dpi"]] == [200, 300]


@pytest.mark.parametrize("output", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_no_location_leaves_no_place(kind, output):
    data = answer(photo_file(kind), output, "no_location")
    kept = opened(data)
    for word in (SECRET, b"48,51", b"Paris", b"GPS"):
        assert word not in data
    assert kept.getexif()[0x010F] == "Maker X"
    assert not kept.getexif().get_ifd(0x8825)
    assert b'title="lake"' in kept.info["xmp"]


@pytest.mark.parametrize("output", ["png", "jpeg", "webp"])
def test_strip_leaves_colours_only(output):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept = opened(answer(photo_file("PNG", icc_profile=profile), output, "strip"))
    assert kept.info["icc_profile"] == profile
    assert not {"exif", "xmp", "dpi"} & kept.info.keys() - {"dpi" if output == "jpeg" else ""}


@pytest.mark.parametrize("level", [1, 6])
def test_chunks_on_colours_are_kept(level):
    plain = file_of(noise(9, 9))
    chunks = {
        b"gAMA": struct.pack(">I", 100000),
        b"cHRM": bytes(range(32)),
        b"cICP": bytes((9, 16, 0, 1)),
        b"pHYs": struct.pack(">IIB", 11811, 11812, 1),
    }
    more = b"".join(chunk(*item) for item in chunks.items())
    for mode in ("keep", "strip"):
        kept = answer(plain[:33] + more + plain[33:], mode=mode, level=level)
        for name, data in chunks.items():
            assert (chunk(name, data) in kept) == (mode == "keep" or name != b"pHYs")


@pytest.mark.parametrize("text", ["tEXt", "zTXt", "iTXt", "iCCP"])
def test_megabytes_of_text_cost_nothing(text):
    samples = noise(9, 9)
    info = PngImagePlugin.PngInfo()
    long = "a" * 3_000_000
    if text == "iTXt":
        info.add_itxt("Comment", long, zip=True)
    elif text != "iCCP":
        info.add_text("Comment", long, zip=text == "zTXt")
    profile = long.encode() if text == "iCCP" else None
    data = file_of(samples, "PNG", pnginfo=info, icc_profile=profile)
    np.testing.assert_array_equal(opened(answer(data)), samples)


def cmyk_profile() -> bytes:
    """Inks of two levels each to Lab: cyan, in full, is (75, -30, -40)."""
    table = b""
    for c, m, y, k in itertools.product((0, 1), repeat=4):
        lab = (100 - 25 * c - 30 * m - 5 * y, 60 * m - 30 * c, 80 * y - 40 * c)
        light, a, b = (value * (1 - k) for value in lab)
        table += bytes((round(light * 2.55), a + 128, b + 128))
    identity = b"".join(struct.pack(">i", 65536 * (index % 4 == 0)) for index in range(9))
    curve = bytes(range(256))
    white = struct.pack(">iii", 63190, 65536, 54061)
    tags = {
        b"A2B0": b"mft1"
        + bytes((0, 0, 0, 0, 4, 3, 2, 0))
        + identity
        + curve * 4
        + table
        + curve * 3,
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78),
    }
    index, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        place = 128 + 4 + 12 * len(tags) + len(body)
        index += name + struct.pack(">II", place, len(data))
        body += data + bytes(-len(data) % 4)
    size = 128 + len(index) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + index + body


def test_cmyk_is_converted_by_its_profile_and_srgb_replaces_it():
    """Against Lab of D50 to sRGB, Bradford-adapted, by its formulas: (0, 202.3, 255)."""
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    data = file_of(cyan, "JPEG", icc_profile=cmyk_profile(), quality=95)
    photo = decode_photo(io.BytesIO(data), 1000)
    assert np.abs(photo.pixels[8, 8].astype(int) - (0, 202, 255)).max() <= 2
    assert photo.icc is not None
    assert photo.icc[16:20] == b"RGB "


def test_a_damaged_profile_of_inks_costs_the_profile_only():
    cmyk = Image.fromarray(noise(9, 9)).convert("CMYK")
    data = file_of(cmyk, "JPEG", icc_profile=bytes(16) + b"CMYK" + bytes(200))
    photo = decode_photo(io.BytesIO(data), 1000)
    assert photo.icc is None
    np.testing.assert_array_equal(photo.pixels, np.asarray(opened(data).convert("RGB")))


@given(st.binary(max_size=300), st.integers(0, 250), st.sampled_from("<>"))
def test_damaged_exif_never_fails_and_never_tells_the_place(junk, place, order):
    data = exif(order)
    damaged = data[:place] + junk + data[place + len(junk) :]
    photo = Photo(noise(4, 4), None, None)
    metadata = read_metadata({"exif": damaged, "xmp": junk}, swapped=True, same_colours=True)
    photo.metadata = metadata.for_mode("no_location")
    if SECRET not in junk:
        told = encode(photo, "png", Encoding())
        # An entry of another kind may have come to lead to the position; nothing else does.
        assert SECRET not in told or place < 160
    if photo.metadata.exif is not None:
        ExifEditor(photo.metadata.exif)


def test_exif_whose_note_lies_over_its_head_is_dropped_with_the_note():
    note = struct.pack("<HHI", 0x927C, 7, 16)
    over = re.sub(re.escape(note) + b"....", note + bytes(4), exif(), flags=re.S)
    assert over != exif()
    metadata = read_metadata({"exif": over}, swapped=False, same_colours=True)
    assert metadata.exif is not None
    assert metadata.for_mode("no_location").exif is None


def test_a_position_that_nothing_leads_to_is_erased():
    for order in "<>":
        pointer = struct.pack(order + "H", 0x8825)
        orphaned = exif(order).replace(pointer, struct.pack(order + "H", 0x8826), 1)
        metadata = read_metadata({"exif": orphaned}, swapped=False, same_colours=True)
        kept = metadata.for_mode("no_location").exif
        assert kept is not None
        assert b"Maker X" in kept
        assert SECRET not in kept


@pytest.mark.parametrize("length", range(8))
def test_exif_without_a_head_is_refused(length):
    with pytest.raises(ExifError):
        ExifEditor(exif()[6:][:length])

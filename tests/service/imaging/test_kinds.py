import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.errors import UnsupportedImage
from service.imaging.headers import read_header
from service.imaging.kinds import START_BYTES, kind_of
from tests.service.pictures import file_of, noise


def iso_media(major: bytes, *brands: bytes) -> bytes:
    box = major + b"\0\0\0\0" + b"".join(brands)
    return struct.pack(">I", 8 + len(box)) + b"ftyp" + box + bytes(300)


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("photo.png", b"x")
    return file.getvalue()


def written(kind: str) -> bytes:
    return file_of(Image.fromarray(noise(20, 20)), kind)


FILES = {
    "iPhone": (iso_media(b"heic", b"mif1", b"heic"), "HEIC", "Most Compatible"),
    "HEIC under another major brand": (iso_media(b"mif1", b"mif1", b"heic"), "HEIC", "convert"),
    "HEIF": (iso_media(b"mif1", b"mif1"), "HEIF", "convert"),
    "AVIF": (iso_media(b"avif", b"mif1", b"miaf"), "AVIF", "convert"),
    "AVIF behind mif1": (iso_media(b"mif1", b"mif1", b"avif"), "AVIF", "convert"),
    "animated AVIF": (iso_media(b"avis", b"avif", b"msf1"), "AVIF", "frame"),
    "MP4": (iso_media(b"isom", b"mp42"), "a video", "frame"),
    "QuickTime": (iso_media(b"qt  "), "a video", "frame"),
    "Canon raw": (iso_media(b"crx ", b"isom"), "raw", "develop"),
    "GIF": (written("GIF"), "a GIF", "PNG"),
    "BMP": (written("BMP"), "a BMP", "PNG"),
    "TIFF": (written("TIFF"), "a TIFF", "PNG"),
    "ICO": (written("ICO"), "an icon", "PNG"),
    "PPM": (written("PPM"), "a Netpbm", "PNG"),
    "PDF": (written("PDF"), "a PDF", "export"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "JPEG 2000", "convert"),
    "JPEG XL": (b"\xff\x0a\x00\x10" + bytes(50), "JPEG XL", "convert"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "JPEG XL", "convert"),
    "PSD": (b"8BPS\0\1" + bytes(50), "Photoshop", "export"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", "draw"),
    "SVG with prologue": (b"<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "SVG", "draw"),
    "web page": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "HTML", "download"),
    "page with a drawing in it": (b"<html><body><svg/></body>", "HTML", "download"),
    "JSON": (b'{"error": "not found"}', "JSON", "file itself"),
    "data URL": (b"data:image/png;base64,iVBORw0KGgo=", "base64", "decode"),
    "base64 of a PNG": (b"iVBORw0KGgoAAAANSUhEUgAA", "base64", "decode"),
    "base64 of a JPEG": (b"/9j/4AAQSkZJRgABAQ", "base64", "decode"),
    "text": ("größer als nötig".encode(), "text", "file itself"),
    "text that is cut within a letter": (b"x" + "ä".encode() * 1000, "text", "file itself"),
    "ZIP": (archive(), "ZIP", "export"),
    "WebM": (b"\x1aE\xdf\xa3" + bytes(50), "a video", "frame"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "a video", "frame"),
    "sound": (b"RIFF\0\0\0\0WAVEfmt ", "none of PNG", "convert"),
    "NumPy": (b"\x93NUMPY\1\0", "NumPy", "PNG"),
    "noise": (np.random.default_rng(0).bytes(600), "none of PNG", "convert"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_refusal_says_what_the_file_is_and_what_to_do(name):
    data, kind, cure = FILES[name]
    with pytest.raises(UnsupportedImage) as refused:
        read_header(io.BytesIO(data), "mask")
    words = refused.value.detail
    assert words.startswith("the mask is ")
    assert kind in words
    assert cure in words


def test_an_empty_file_is_called_empty():
    with pytest.raises(UnsupportedImage, match="empty"):
        read_header(io.BytesIO(b""), "image")


@given(st.binary(min_size=1, max_size=START_BYTES))
def test_any_bytes_are_some_kind(start):
    assert kind_of(start).name
    assert kind_of(start).cure


@given(st.binary(max_size=START_BYTES - 8))
def test_any_container_of_films_and_photos_is_some_kind(rest):
    assert kind_of(b"\0\0\0\x20ftyp" + rest).name

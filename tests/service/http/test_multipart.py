"""Forms as clients of many kinds write them, byte by byte."""

import asyncio
import re

import pytest

from service.errors import ServiceError
from service.http.form import FIELDS
from service.http.multipart import FormReader
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of

SAMPLES = noise(41, 57)
HOLE = box_hole(41, 57)
PHOTO, MASK = file_of(SAMPLES), mask_file(HOLE)
BOUNDARY = b"frontier"
HEADERS = {"Content-Type": "multipart/form-data; boundary=frontier"}
END = b"--frontier--\r\n"


def part(head: bytes, data: bytes) -> bytes:
    return b"--frontier\r\n" + head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + data + b"\r\n"


def disposition(name: bytes, more: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="%s"%s' % (name, more)


def form(*, more: bytes = b"", kind: bytes = b"") -> bytes:
    image = part(disposition(b"image", more) + kind, PHOTO)
    return image + part(disposition(b"mask", more) + kind, MASK) + END


PLAIN = form(more=b'; filename="a.png"')

FORMS = {
    "no file name, no type": form(),
    "no file name": form(kind=b"\nContent-Type: image/png"),
    "octets": form(kind=b"\nContent-Type: application/octet-stream"),
    "a text by its type": form(kind=b"\nContent-Type: text/plain"),
    "a name without quotes": form().replace(b'"image"', b"image").replace(b'"mask"', b"mask"),
    "an extended file name": form(more=b"; filename*=utf-8''%C3%BC.png"),
    "an empty file name": form(more=b'; filename=""'),
    "headers in another order": form().replace(
        b"Content-Disp", b"Content-Type: image/png\r\nContent-Disp"
    ),
    "lengths of parts": form(kind=b"\nContent-Length: 5"),
    "binary transfer": form(kind=b"\nContent-Transfer-Encoding: binary"),
    "small letters": form().replace(b"Content-Disposition", b"content-disposition"),
    "a preamble": b"This is a message in MIME format.\r\n" + PLAIN,
    "an empty first line": b"\r\n" + PLAIN,
    "a preamble that names the boundary": b"it is --frontier\r\n--frontiers\r\n" + PLAIN,
    "an epilogue": PLAIN + b"goodbye\r\n--frontier\r\n",
    "no last line end": PLAIN.removesuffix(b"\r\n"),
    "an option as a file": part(disposition(b"dilate", b'; filename="blob"'), b"0") + PLAIN,
    "an option as JSON": part(disposition(b"dilate") + b"\nContent-Type: application/json", b"0")
    + PLAIN,
    "a charset": part(disposition(b"_charset_"), b"utf-8") + PLAIN,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_common_writing_is_understood(client, name):
    response = client.post("/inpaint", headers=HEADERS, content=FORMS[name])
    assert response.status_code == 200, response.text
    changed = (samples_of(response.content) != SAMPLES).any(axis=-1)
    assert changed[HOLE].any()
    assert not changed[~HOLE].any()


def read(body: bytes, size: int):
    async def chunks():
        for start in range(0, len(body), size):
            yield body[start : start + size]

    async def files():
        parsed = await FormReader(FIELDS, BOUNDARY, 100).read(chunks())
        read = {name: file.file.read() for name, file in parsed.files.items()}
        parsed.close()
        return read, parsed.texts

    return asyncio.run(files())


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 11, 64])
def test_it_does_not_matter_how_a_form_is_cut_into_chunks(name, size):
    files, texts = read(FORMS[name], size)
    assert files == {"image": PHOTO, "mask": MASK}
    assert set(texts) <= {"dilate"}


BROKEN = {
    "another boundary": (PLAIN.replace(b"frontier", b"border"), "boundary that Content-Type names"),
    "no form": (b"hello", "boundary that Content-Type names"),
    "nothing": (b"", "boundary that Content-Type names"),
    "line feeds": (PLAIN.replace(b"\r\n", b"\n"), "must end in CRLF"),
    "cut off in a file": (PLAIN[:200], "in or after the field 'image'"),
    "cut off after the last file": (PLAIN.removesuffix(END), "in or after the field 'mask'"),
    "an unnamed part": (part(b"X: y", b"1") + END, "a part of the form has no name"),
    "a nameless part": (part(b"Content-Disposition: form-data", b"1") + END, "has no name"),
    "a head of nonsense": (part(b"hello there", b"1") + END, "the head of a part cannot be read"),
    "a head of nonsense later": (
        PLAIN.removesuffix(END) + part(b"hello there", b"1") + END,
        "the head of a part after the field 'mask' cannot be read",
    ),
    "an endless header": (part(b"X: " + b"y" * 20_000, b"1") + END, "few and short lines"),
    "many headers": (part(b"\n".join([b"X: y"] * 100), b"1") + END, "few and short lines"),
    "many parts": (part(disposition(b"prompt"), b"1") * 101 + END, "more than 100 parts"),
    "a long option": (
        part(disposition(b"dilate"), b"1" * 1025) + PLAIN,
        "dilate is longer than 1024 bytes; it must be a whole number from 0 to 256",
    ),
}
PARSERS_WORDS = re.compile(
    r"multipart\.|Part exceeded|Invalid multipart|Too many f|at index|\(\d+\)|Expected boundary"
)


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("size", [5, 100_000])
def test_a_broken_form_is_refused_in_words_that_help(name, size):
    body, words = BROKEN[name]
    with pytest.raises(ServiceError, match=re.escape(words)) as caught:
        read(body, size)
    assert caught.value.status == 400
    assert not PARSERS_WORDS.search(caught.value.detail)


def test_a_part_in_base64_is_refused_by_name(client):
    body = form(kind=b"\nContent-Transfer-Encoding: base64")
    response = client.post("/inpaint", headers=HEADERS, content=body)
    assert response.status_code == 422
    assert "image has Content-Transfer-Encoding 'base64'" in response.json()["detail"]


@pytest.mark.parametrize("name", ["image", "mask"])
@pytest.mark.parametrize(
    "text", ["photo.png", "http://a.example/a.png", "data:image/png;base64,iVB"]
)
def test_a_text_in_place_of_a_file_is_shown(client, name, text):
    # `curl -F image=photo.png`, without the @.
    files = {} if name == "image" else {"image": PHOTO}
    response = client.post("/inpaint", files={**files, name: (None, text)})
    assert response.status_code == 422
    assert f"{name} must be a file, but is the text '{text}'" in response.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("multipart/form-data", 400, "do not set this header yourself"),
        ("multipart/form-data; boundary=" + "b" * 5000, 400, "too long"),
        ("multipart/mixed; boundary=frontier", 422, "'multipart/mixed'"),
        ("application/x-www-form-urlencoded", 422, "'application/x-www-form-urlencoded'"),
        ("application/json", 422, "/api/v1/inpaint"),
        ("image/png", 422, "'image/png'"),
        ("", 422, "names no form"),
    ],
)
def test_other_bodies_are_called_what_they_are(client, kind, status, words):
    response = client.post("/inpaint", headers={"Content-Type": kind}, content=PLAIN)
    assert response.status_code == status
    assert words in response.json()["detail"]

"""Bytes that no client would send: damaged images, masks and forms, thousands of them.

Every input follows from the seed, which is printed with the numbers; `FUZZ_SEED` sets another one.
"""

import http.client
import os
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tests.service.memory import resident_bytes
from tests.service.pictures import box_hole, file_of, mask_file, noise, smooth
from tests.service.servers import PATIENCE_S, client_of, wait_until_idle

SEED = int(os.environ.get("FUZZ_SEED", "1804"))
ALLOWED = {200, 400, 413, 415, 422}
SIDE = 48
GROWTH_BYTES = 48 * 2**20
BOUNDARY = b"frontier-of-a-form"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
EXTREMES = (b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xfe")


def corpus() -> list[bytes]:
    """Valid files of every kind that the service reads."""
    photo, rgba = Image.fromarray(smooth(SIDE, SIDE)), Image.fromarray(noise(SIDE, SIDE, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        file_of(photo),
        file_of(rgba),
        file_of(photo.quantize(16)),
        file_of(photo.convert("L"), exif=exif.tobytes()),
        file_of(photo, "JPEG", exif=exif.tobytes()),
        file_of(photo, "JPEG", progressive=True),
        file_of(photo.convert("CMYK"), "JPEG"),
        file_of(rgba, "WEBP"),
        file_of(photo, "WEBP", lossless=False, exif=exif.tobytes()),
        mask_file(box_hole(SIDE, SIDE)),
    ]


def mutate(data: bytes, others: list[bytes], random: np.random.Generator) -> bytes:
    """One to four kinds of damage."""
    damaged = bytearray(data)
    for _ in range(random.integers(1, 5)):
        start = int(random.integers(0, len(damaged) + 1))
        stop = min(len(damaged), start + int(random.integers(1, 64)))
        match random.integers(0, 7):
            case 0:
                damaged[start : start + 1] = random.bytes(1)
            case 1:
                damaged[start:stop] = b""
            case 2:
                damaged[start:start] = damaged[start:stop]
            case 3:
                damaged[start:start] = random.bytes(stop - start)
            case 4:
                damaged[start:] = b""
            case 5:
                damaged[start : start + 4] = EXTREMES[random.integers(len(EXTREMES))]
            case _:
                other = others[random.integers(len(others))]
                damaged[start:] = other[int(random.integers(len(other))) :]
    return bytes(damaged)


def form(image: bytes, mask: bytes, dilate: bytes) -> bytes:
    """A multipart body."""
    part = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    return (
        part % (b"image", b'; filename="i"', image)
        + part % (b"mask", b'; filename="m"', mask)
        + part % (b"dilate", b"", dilate)
        + b"--%s--\r\n" % BOUNDARY
    )


def next_body(files: list[bytes], random: np.random.Generator) -> bytes:
    """A form in which the image, the mask or the form itself is damaged."""
    image, mask = (files[i] for i in random.integers(len(files), size=2))
    dilate = str(random.integers(-1, 5)).encode()
    match random.integers(0, 3):
        case 0:
            return form(mutate(image, files, random), files[-1], dilate)
        case 1:
            return form(files[0], mutate(mask, files, random), dilate)
        case _:
            return mutate(form(image, files[-1], dilate), files, random)


@pytest.mark.parametrize("inputs", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_damaged_bytes_never_break_the_server(inputs, capsys):
    random = np.random.default_rng(SEED)
    files = corpus()
    statuses: Counter[int] = Counter()
    with client_of(max_pixels=200_000) as client:
        address = client.base_url
        connection = http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE_S)
        settled = 0
        for number in range(inputs):
            body = next_body(files, random)
            connection.request("POST", "/inpaint", body, HEADERS)
            response = connection.getresponse()
            answer = response.read()
            statuses[response.status] += 1
            assert response.status in ALLOWED, (SEED, number, response.status, answer[:500])
            if number == inputs // 4:
                settled = resident_bytes()
        connection.close()
        grown = resident_bytes() - settled
        runtime = client.app.state.runtime
        wait_until_idle(client)
        assert (runtime.networks.default.lane.waiting, runtime.backlog.seconds) == (0, 0)
    with capsys.disabled():
        print(
            f"\nfuzz: {inputs} inputs, seed {SEED}, statuses {dict(sorted(statuses.items()))}, "
            f"memory grew by {grown / 2**20:.1f} MiB after the first quarter"
        )
    assert {200, 400, 415, 422} <= statuses.keys()
    assert grown < GROWTH_BYTES

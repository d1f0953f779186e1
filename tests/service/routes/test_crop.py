"""The field `crop`: the rectangle that changed, and where it belongs."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from service.app import EXPOSED_HEADERS
from tests.service.pictures import box_hole, file_of, mask_file, noise, opened, samples_of

HEIGHT, WIDTH = 90, 130
HOLE = box_hole(HEIGHT, WIDTH, top=20, left=40, side=12) | box_hole(
    HEIGHT, WIDTH, top=61, left=93, side=7
)
PLACE = (40, 20, 60, 48)  # left, top, width, height


def ask(client, image, mask=HOLE, headers=None, **fields):
    files = {"image": image} | ({} if mask is None else {"mask": mask_file(mask)})
    return client.post("/inpaint", files=files, data=fields, headers=headers)


def place_of(response):
    return tuple(map(int, response.headers["x-inpaint-crop"].split(",")))


def cut(samples, place):
    left, top, width, height = place
    return samples[top : top + height, left : left + width]


@pytest.mark.parametrize("output", ["png", "webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("feather", ["0", "3"])
def test_it_is_that_rectangle_of_the_whole_answer(client, output, channels, feather):
    image = file_of(noise(HEIGHT, WIDTH, channels))
    whole = ask(client, image, format=output, feather=feather)
    part = ask(client, image, format=output, feather=feather, crop="true")
    assert place_of(part) == PLACE
    assert part.headers["x-inpaint-size"] == f"{WIDTH},{HEIGHT}"
    assert "x-inpaint-crop" not in whole.headers
    assert part.headers["content-type"] == f"image/{output}"
    assert opened(part.content).mode == opened(whole.content).mode
    np.testing.assert_array_equal(samples_of(part.content), cut(samples_of(whole.content), PLACE))


def test_pasted_it_gives_the_whole_answer_where_an_eraser_was_soft(client):
    samples = noise(HEIGHT, WIDTH, 4)
    rows, columns = np.indices((HEIGHT, WIDTH))
    distance = np.hypot(rows - 40, columns - 70)
    samples[..., 3] = (distance * 25).clip(0, 255).astype(np.uint8)
    image = file_of(samples)
    part = ask(client, image, None, crop="true")
    left, top, width, height = place_of(part)
    assert (width, height) > (11, 11)  # the ring is more than the hole
    samples[top : top + height, left : left + width] = samples_of(part.content)
    np.testing.assert_array_equal(samples, samples_of(ask(client, image, None).content))


def test_its_place_is_that_in_the_upright_photo_and_exif_says_its_size(client):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0xA002: HEIGHT, 0xA003: WIDTH})
    lying = np.rot90(noise(HEIGHT, WIDTH))  # which orientation 6 turns upright again
    part = ask(client, file_of(lying, exif=exif.tobytes(), dpi=(300, 300)), crop="true")
    assert place_of(part) == PLACE
    image = opened(part.content)
    tags = image.getexif()
    assert tags[0x0112] == 1
    sub = tags.get_ifd(0x8769)
    assert (sub[0xA002], sub[0xA003]) == image.size == PLACE[2:]
    assert round(image.info["dpi"][0]) == 300


def test_where_nothing_changed_there_is_nothing_to_paste(client):
    image = file_of(noise(HEIGHT, WIDTH))
    for mask in (np.zeros_like(HOLE), None):
        response = ask(client, image, mask, crop="true")
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["x-inpaint-crop"] == "0,0,0,0"
        assert response.headers["x-inpaint-size"] == f"{WIDTH},{HEIGHT}"
        assert "x-request-id" in response.headers


@pytest.mark.parametrize(("mask", "place"), [(HOLE, PLACE), (HOLE & False, (0, 0, 0, 0))])
def test_events_tell_the_place(client, mask, place):
    image = file_of(noise(HEIGHT, WIDTH))
    stream = ask(client, image, mask, {"Accept": "text/event-stream"}, crop="true").text
    result = json.loads(stream.partition("event: result\ndata: ")[2])
    assert (result["crop"], result["size"]) == (list(place), [WIDTH, HEIGHT])
    part = ask(client, image, mask, crop="true")
    assert base64.b64decode(result["image"]) == part.content


def test_a_photo_may_be_larger_than_the_format_holds_if_the_rectangle_is_not(client):
    image = file_of(np.zeros((2, 16384), np.uint8))
    hole = box_hole(2, 16384, top=0, left=16000, side=2)
    assert ask(client, image, hole, format="webp").status_code == 422
    part = ask(client, image, hole, format="webp", crop="true")
    assert opened(part.content).size == (2, 2)
    hole[0] = True
    assert ask(client, image, hole, format="webp", crop="true").status_code == 422


def test_pages_may_read_the_place():
    assert {"X-Inpaint-Crop", "X-Inpaint-Size"} <= set(EXPOSED_HEADERS)


def test_the_fill_fades_in_inside_the_hole(client):
    samples = noise(HEIGHT, WIDTH)
    soft, sharp = (
        samples_of(ask(client, file_of(samples), texture="off", feather=width).content)
        for width in ("2", "0")
    )
    mix = (samples[20, 45].astype(int) * 2 + sharp[20, 45]) / 3
    assert np.abs(soft[20, 45] - mix).max() <= 0.5
    np.testing.assert_array_equal(soft[~HOLE], samples[~HOLE])
    np.testing.assert_array_equal(soft[22:30, 42:50], sharp[22:30, 42:50])


@pytest.mark.parametrize("value", ["257", "-1", "much"])
def test_a_width_out_of_range_is_refused(client, value):
    response = ask(client, file_of(noise(HEIGHT, WIDTH)), feather=value)
    assert response.status_code == 422
    assert "feather must be a whole number from 0 to 256" in response.json()["detail"]

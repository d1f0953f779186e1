"""The HTTP contract of `POST /inpaint`, answer by answer."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from service.engine.dummy import DummyEngine
from service.engine.run_table import RunTable
from tests.service.pictures import (
    box_hole,
    file_of,
    mask_file,
    noise,
    opened,
    samples_of,
    smooth,
)
from tests.service.servers import SIZES, client_of

HEIGHT, WIDTH = 41, 57
HOLE = box_hole(HEIGHT, WIDTH)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def post(client, image: bytes, mask: bytes | None = None, **fields):
    files = {"image": image} | ({"mask": mask} if mask is not None else {})
    return client.post("/inpaint", files=files, data=fields)


def inpainted(client, image: bytes, mask: bytes | None = None, **fields):
    response = post(client, image, mask, **fields)
    assert response.status_code == 200, response.text
    return opened(response.content)


def test_the_hole_is_filled_and_everything_else_is_kept(client):
    samples = noise(HEIGHT, WIDTH)
    result = np.array(inpainted(client, file_of(samples), mask_file(HOLE)))
    np.testing.assert_array_equal(result[~HOLE], samples[~HOLE])
    assert (result[HOLE] != samples[HOLE]).any()


@hypothesis_settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 150), width=st.integers(1, 150), seed=st.integers(0, 9))
def test_any_size_comes_back_right(client, height, width, seed):
    samples = noise(height, width, seed=seed)
    hole = noise(height, width, 1, seed=seed + 100) > 250
    if hole.all():
        hole[0, 0] = False
    result = np.array(inpainted(client, file_of(samples), mask_file(hole)))
    assert result.shape == samples.shape
    np.testing.assert_array_equal(result[~hole], samples[~hole])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("output", ["png", "webp"])
def test_known_pixels_are_those_of_the_decoded_input(client, kind, output):
    data = file_of(smooth(HEIGHT, WIDTH), kind)
    result = inpainted(client, data, mask_file(HOLE), format=output)
    assert result.format == output.upper()
    np.testing.assert_array_equal(np.array(result)[~HOLE], samples_of(data)[~HOLE])


def test_grey_stays_grey(client):
    samples = noise(HEIGHT, WIDTH, 1)
    result = inpainted(client, file_of(samples), mask_file(HOLE))
    assert result.mode == "L"
    np.testing.assert_array_equal(np.array(result)[~HOLE], samples[~HOLE])


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("around", [255, 90])
def test_alpha_is_kept_and_goes_on_in_the_hole(client, mode, around):
    samples = noise(HEIGHT, WIDTH, len(mode))
    samples[..., -1] = around
    result = inpainted(client, file_of(Image.fromarray(samples, mode)), mask_file(HOLE))
    assert result.mode == mode
    np.testing.assert_array_equal(np.array(result)[~HOLE], samples[~HOLE])
    assert (np.array(result)[HOLE][:, -1] == around).all()


def test_a_hole_over_the_edge_of_a_cut_out_is_filled_from_what_shows(client):
    samples = noise(HEIGHT, WIDTH, 4)
    samples[..., :3] = 200
    edge = WIDTH // 2
    samples[:, :edge] = 0  # cut out, black under full transparency
    samples[:, edge:, 3] = 255
    hole = box_hole(HEIGHT, WIDTH, top=4, left=edge - 6, side=12)
    response = client.post("/inpaint", files={"image": file_of(samples), "mask": mask_file(hole)})
    result = np.array(opened(response.content))
    np.testing.assert_array_equal(result[~hole], samples[~hole])
    assert (result[hole][:, :3] == 200).all()  # the dummy's mean of what is known: no black in it
    assert response.headers["x-inpaint-windows"] == "2"  # colours, then alpha
    assert (result[4:16, edge - 6, 3] < 40).all()  # the edge goes through the hole
    assert (result[4:16, edge + 5, 3] > 215).all()


def test_a_soft_eraser_leaves_no_ring(client):
    samples = noise(HEIGHT, WIDTH, 4)
    rows, columns = np.indices((HEIGHT, WIDTH))
    distance = np.hypot(rows - HEIGHT / 2, columns - WIDTH / 2)
    samples[..., 3] = (distance * 25).clip(0, 255).astype(np.uint8)
    result = np.array(inpainted(client, file_of(samples), None))
    assert (result[..., 3] == 255).all()
    known = samples[..., 3] >= 128
    np.testing.assert_array_equal(result[known][:, :3], samples[known][:, :3])


def test_palette_and_cmyk_become_rgb(client):
    palette = Image.fromarray(noise(HEIGHT, WIDTH)).quantize(8)
    cmyk = Image.fromarray(smooth(HEIGHT, WIDTH)).convert("CMYK")
    for image, kind in ((palette, "PNG"), (cmyk, "JPEG")):
        data = file_of(image, kind)
        result = inpainted(client, data, mask_file(HOLE))
        assert result.mode == "RGB"
        expected = np.array(opened(data).convert("RGB"))
        np.testing.assert_array_equal(np.array(result)[~HOLE], expected[~HOLE])


def test_orientation_is_applied_before_the_mask(client):
    exif = Image.Exif()
    exif[0x0112] = 6
    samples = noise(HEIGHT, WIDTH)
    data = file_of(samples, exif=exif.tobytes())
    upright = np.rot90(samples, -1)
    hole = box_hole(*upright.shape[:2])
    result = inpainted(client, data, mask_file(hole))
    np.testing.assert_array_equal(np.array(result)[~hole], upright[~hole])
    assert result.getexif()[0x0112] == 1


@pytest.mark.parametrize("output", ["png", "webp", "jpeg"])
def test_the_colour_profile_is_kept(client, output):
    data = file_of(noise(HEIGHT, WIDTH), icc_profile=SRGB)
    assert inpainted(client, data, mask_file(HOLE), format=output).info["icc_profile"] == SRGB


def test_without_a_mask_transparency_is_the_hole(client):
    samples = noise(HEIGHT, WIDTH, 4)
    samples[..., 3] = np.where(HOLE, 0, 200)
    result = np.array(inpainted(client, file_of(samples)))
    np.testing.assert_array_equal(result[~HOLE], samples[~HOLE])
    assert (result[HOLE][:, 3] == 200).all()
    assert (result[HOLE][:, :3] != samples[HOLE][:, :3]).any()


def test_an_empty_mask_answers_the_image_without_inference(client):
    samples = noise(HEIGHT, WIDTH)
    response = post(client, file_of(samples), mask_file(np.zeros_like(HOLE)))
    assert response.headers["x-inpaint-windows"] == "0"
    assert "infer" not in response.headers["server-timing"]
    np.testing.assert_array_equal(samples_of(response.content), samples)


def test_the_mask_can_be_inverted(client):
    samples = noise(HEIGHT, WIDTH)
    data = file_of(samples)
    inverted = inpainted(client, data, mask_file(~HOLE), invert_mask="true")
    plain = inpainted(client, data, mask_file(HOLE))
    np.testing.assert_array_equal(np.array(inverted), np.array(plain))


def test_the_hole_can_grow(client):
    samples = noise(HEIGHT, WIDTH)
    result = np.array(inpainted(client, file_of(samples), mask_file(HOLE), dilate="3"))
    grown = box_hole(HEIGHT, WIDTH, 5, 5, 18)
    changed = (result != samples).any(axis=2)
    assert changed[~HOLE].any()
    assert not changed[~grown].any()


def test_red_strokes_on_a_transparent_canvas_are_a_mask(client):
    canvas = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    canvas[HOLE] = (255, 0, 0, 255)
    data = file_of(noise(HEIGHT, WIDTH))
    strokes = inpainted(client, data, file_of(canvas))
    plain = inpainted(client, data, mask_file(HOLE))
    np.testing.assert_array_equal(np.array(strokes), np.array(plain))


def test_headers_say_what_was_done(client):
    response = post(client, file_of(noise(HEIGHT, WIDTH)), mask_file(HOLE))
    assert response.headers["content-type"] == "image/png"
    assert int(response.headers["x-inpaint-windows"]) >= 1
    timings = dict(re.findall(r"(\w+);dur=([\d.]+)", response.headers["server-timing"]))
    assert {"decode", "plan", "queue", "infer", "texture", "encode"} <= timings.keys()
    assert all(float(duration) >= 0 for duration in timings.values())


def test_an_empty_file_input_of_a_browser_is_no_mask(client):
    files = {"image": ("a.png", file_of(noise(9, 9))), "mask": ("", b"")}
    response = client.post("/inpaint", files=files, data={"dilate": "", "invert_mask": ""})
    assert response.status_code == 200
    assert response.headers["x-inpaint-windows"] == "0"


# --- what is refused ----------------------------------------------------------------------------

PHOTO = file_of(noise(HEIGHT, WIDTH))
MASK = mask_file(HOLE)
FRAMES = [Image.fromarray(noise(8, 8, seed=seed)) for seed in range(2)]

REFUSALS = {
    "not an image": (415, "text, not a picture", b"hello", MASK, {}),
    "empty image": (415, "empty", b"", MASK, {}),
    "a GIF": (415, "a GIF; save it", file_of(FRAMES[0], "GIF"), None, {}),
    "a TIFF mask": (415, "the mask is a TIFF", PHOTO, file_of(FRAMES[0], "TIFF"), {}),
    "16 bits": (415, "16 bits", file_of(np.zeros((HEIGHT, WIDTH), np.uint16)), MASK, {}),
    "animated PNG": (
        415,
        "animated",
        file_of(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]),
        None,
        {},
    ),
    "animated WebP": (
        415,
        "animated",
        file_of(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]),
        None,
        {},
    ),
    "truncated image": (422, "of its pixels are missing", PHOTO[:-200], MASK, {}),
    "truncated mask": (422, "mask is truncated", PHOTO, MASK[:50], {}),
    "sizes differ": (422, "57 x 41 pixels and the mask 9 x 8", PHOTO, file_of(noise(8, 9)), {}),
    "nothing known": (422, "whole image", PHOTO, mask_file(np.ones_like(HOLE)), {}),
    "nothing known once grown": (422, "whole image", PHOTO, MASK, {"dilate": "256"}),
    "dilate too large": (422, "a whole number from 0 to 256", PHOTO, MASK, {"dilate": "257"}),
    "dilate negative": (422, "dilate", PHOTO, MASK, {"dilate": "-1"}),
    "dilate no number": (422, "dilate", PHOTO, MASK, {"dilate": "much"}),
    "format unknown": (422, "format", PHOTO, MASK, {"format": "gif"}),
    "invert no bool": (422, "invert_mask", PHOTO, MASK, {"invert_mask": "perhaps"}),
    "image as text": (422, "image must be a file", None, MASK, {"image": "hello"}),
    "a path": (422, "image must be a file", None, MASK, {"image": __file__}),
    "a URL": (422, "mask must be a file", PHOTO, None, {"mask": "http://127.0.0.1/a.png"}),
    "no image": (422, "there is no image", None, MASK, {}),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_makes_no_sense_is_refused_in_words(client, name):
    status, words, image, mask, fields = REFUSALS[name]
    files = {key: file for key, file in (("image", image), ("mask", mask)) if file is not None}
    response = client.post("/inpaint", files=files, data=fields)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert words in problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["instance"] == "/inpaint"


def test_too_many_pixels_are_refused_before_decoding():
    with client_of(max_pixels=HEIGHT * WIDTH - 1) as client:
        image = post(client, PHOTO, MASK)
        mask = post(client, file_of(noise(8, 8)), MASK)
    for what, response in (("image", image), ("mask", mask)):
        assert response.status_code == 422
        assert f"the {what} has 57 x 41 pixels" in response.json()["detail"]


MULTIPART = {"content-type": "multipart/form-data; boundary=frontier"}
START = b'--frontier\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'
PROMPT = START.replace(b"image", b"prompt")

MALFORMED = {
    "no boundary": ({"content-type": "multipart/form-data"}, START + PHOTO),
    "cut off": (MULTIPART, START + PHOTO),
    "nonsense": (MULTIPART, b"hello"),
    "empty": (MULTIPART, b""),
    "unnamed part": (MULTIPART, b"--frontier\r\nx: y\r\n\r\n1\r\n--frontier--\r\n"),
    "too many parts": (MULTIPART, (PROMPT + b"1\r\n") * 101 + b"--frontier--\r\n"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_forms_are_bad_requests(client, name):
    headers, body = MALFORMED[name]
    response = client.post("/inpaint", headers=headers, content=body)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_a_long_text_field_is_a_bad_request(client):
    response = post(client, PHOTO, MASK, dilate="1" * 5000)
    assert response.status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "image/png", ""])
def test_other_bodies_have_no_image(client, kind):
    response = client.post("/inpaint", headers={"content-type": kind}, content=PHOTO)
    assert response.status_code == 422
    assert "multipart/form-data" in response.json()["detail"]


def test_a_plan_that_cannot_meet_the_deadline_is_unavailable():
    class Slow(DummyEngine):
        def warm_up(self, sizes=()):
            return RunTable({size: {1: 1000.0} for size in SIZES})

    with client_of(Slow(SIZES)) as client:
        response = post(client, PHOTO, MASK)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert "1000" in response.json()["detail"]

"""`POST /v1/images/edits`, asked by OpenAI's own client."""

import base64
import io

import numpy as np
import openai
import pytest
from PIL import Image

from tests.service.pictures import box_hole, file_of, mask_file, noise, opened, samples_of
from tests.service.servers import client_of

HEIGHT, WIDTH = 41, 57
SAMPLES = noise(HEIGHT, WIDTH)
HOLE = box_hole(HEIGHT, WIDTH)
PHOTO = file_of(SAMPLES)
PATH = "/v1/images/edits"


def transparent_in(hole, samples=SAMPLES) -> bytes:
    """A picture that is transparent in the hole."""
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    return file_of(Image.fromarray(np.dstack([samples, alpha]), "RGBA"))


def faint_in(hole) -> bytes:
    """A picture that is a little transparent in the hole."""
    alpha = np.where(hole, 200, 255).astype(np.uint8)
    return file_of(Image.fromarray(np.dstack([SAMPLES, alpha]), "RGBA"))


def of(client, key: str = "any", **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{client.base_url}/v1", api_key=key, max_retries=0, **options)


@pytest.fixture(scope="module")
def asked(client):
    with of(client) as asked:
        yield asked


def image_in(answer) -> bytes:
    (image,) = answer.data
    return base64.b64decode(image.b64_json, validate=True)


def test_the_transparent_part_of_the_mask_is_the_hole(asked):
    answer = asked.images.edit(image=PHOTO, mask=transparent_in(HOLE), prompt="a bird")
    result = samples_of(image_in(answer))
    np.testing.assert_array_equal(result[~HOLE], SAMPLES[~HOLE])
    assert (result[HOLE] != SAMPLES[HOLE]).any(axis=-1).mean() > 0.9
    assert answer.created > 0


@pytest.mark.parametrize("colour", [0, 255])
def test_the_colours_of_the_mask_do_not_matter(asked, colour):
    samples = np.full_like(SAMPLES, colour)
    answer = asked.images.edit(image=PHOTO, mask=transparent_in(HOLE, samples), prompt="")
    changed = (samples_of(image_in(answer)) != SAMPLES).any(axis=-1)
    assert changed.any()
    assert not changed[~HOLE].any()


def test_a_palette_mask_with_transparency(asked):
    mask = Image.fromarray(np.where(HOLE, 3, 0).astype(np.uint8), "P")
    mask.putpalette(list(range(12)))
    file = io.BytesIO()
    mask.save(file, "PNG", transparency=3)
    answer = asked.images.edit(image=PHOTO, mask=file.getvalue(), prompt="")
    changed = (samples_of(image_in(answer)) != SAMPLES).any(axis=-1)
    assert changed[HOLE].mean() > 0.9
    assert not changed[~HOLE].any()


def test_without_a_mask_the_photos_own_transparency_is_the_hole(asked):
    answer = asked.images.edit(image=transparent_in(HOLE), prompt="")
    result = samples_of(image_in(answer))
    assert (result[..., 3] == 255).all()
    np.testing.assert_array_equal(result[~HOLE][:, :3], SAMPLES[~HOLE])


def test_what_means_nothing_here_is_ignored(asked):
    answer = asked.images.edit(
        image=PHOTO,
        mask=transparent_in(HOLE),
        prompt="words " * 5000,
        model="dall-e-2",
        n=1,
        size="256x256",
        quality="high",
        background="auto",
        response_format="b64_json",
        user="somebody",
    )
    assert opened(image_in(answer)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("output", ["png", "webp", "jpeg"])
def test_the_format_of_the_answer(asked, output):
    answer = asked.images.edit(
        image=PHOTO, mask=transparent_in(HOLE), prompt="", output_format=output
    )
    assert answer.output_format == output
    assert opened(image_in(answer)).format == output.upper()


def test_a_list_of_one_image(asked):
    answer = asked.images.edit(image=[PHOTO], mask=transparent_in(HOLE), prompt="")
    assert opened(image_in(answer)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"image": [PHOTO, PHOTO]}, "twice"),
        ({"n": 2}, "n must be 1"),
        ({"response_format": "url"}, "response_format"),
        ({"stream": True}, "partial images"),
        ({"output_format": "gif"}, "output_format"),
        ({"mask": mask_file(HOLE)}, "no transparency"),
        ({"mask": transparent_in(np.zeros_like(HOLE))}, "opaque everywhere"),
        ({"mask": faint_in(HOLE)}, "opaque everywhere"),
        ({"mask": transparent_in(box_hole(9, 9, 2, 2, 3), noise(9, 9))}, "9 x 9"),
    ],
    ids=[
        "two images",
        "two answers",
        "url",
        "stream",
        "gif",
        "no alpha",
        "opaque mask",
        "faint mask",
        "sizes",
    ],
)
def test_what_cannot_be_done_is_said_in_words(asked, options, word):
    given = {"image": PHOTO, "mask": transparent_in(HOLE), "prompt": ""} | options
    with pytest.raises(openai.UnprocessableEntityError, match=word) as caught:
        asked.images.edit(**given)
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id


def test_the_models_are_listed(asked, client):
    (model,) = asked.models.list().data
    assert (model.id, model.object) == (client.get("/model").json()["name"], "model")


def test_keys_are_those_of_the_service():
    with client_of(api_keys="right") as client:
        with of(client, "right") as asked:
            assert asked.images.edit(image=PHOTO, prompt="").data
        with of(client, "wrong") as asked, pytest.raises(openai.AuthenticationError) as caught:
            asked.images.edit(image=PHOTO, prompt="")
    assert caught.value.code == "invalid_api_key"


def test_a_full_queue_is_a_rate_limit():
    with client_of(wait=False) as client:
        client.app.state.runtime.lifecycle.drain()
        with of(client) as asked, pytest.raises(openai.InternalServerError) as caught:
            asked.images.edit(image=PHOTO, prompt="")
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"]
    assert caught.value.type == "server_error"


@pytest.mark.parametrize("name", ["mask", "mask[]"])
def test_masks_are_called_as_images_are(client, name):
    files = [("image[]", PHOTO), (name, transparent_in(HOLE))]
    response = client.post(PATH, files=files, params={"api-version": "2025-04-01-preview"})
    result = samples_of(base64.b64decode(response.json()["data"][0]["b64_json"]))
    assert (result[HOLE] != SAMPLES[HOLE]).any(axis=-1).mean() > 0.9


@pytest.mark.parametrize("name", ["Mask", "masks", "dilate", "invert_mask", "ldmSteps"])
def test_what_its_clients_do_not_send_is_refused_by_name(client, name):
    response = client.post(PATH, files={"image": PHOTO}, data={name: "1"})
    assert response.status_code == 422
    assert f"'{name}'" in response.json()["error"]["message"]


def test_jpg_is_a_name_of_jpeg(client):
    files = {"image": PHOTO, "mask": transparent_in(HOLE)}
    answer = client.post(PATH, files=files, data={"output_format": "jpg"}).json()
    assert answer["output_format"] == "jpeg"
    assert opened(base64.b64decode(answer["data"][0]["b64_json"])).format == "JPEG"


def test_no_image_at_all(client):
    response = client.post(PATH, data={"prompt": "a bird"}, files={"sketch": b"x"})
    assert response.status_code == 422
    error = response.json()["error"]
    assert "image" in error["message"]
    assert error["code"] == "unknown-field"

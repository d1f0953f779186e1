"""IOPaint's API, without its web app."""

import base64
import json

import numpy as np
import pytest

from service.http.other_clients import IOPAINT
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import client_of

HEIGHT, WIDTH = 41, 57
SAMPLES = noise(HEIGHT, WIDTH)
HOLE = box_hole(HEIGHT, WIDTH)
PATH = "/api/v1/inpaint"


def text(data: bytes, head: str = "") -> str:
    return head + base64.b64encode(data).decode()


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_the_white_part_of_the_mask_is_filled(client, head):
    body = {
        "image": text(file_of(SAMPLES), head),
        "mask": text(mask_file(HOLE), head),
        "prompt": "",
        "sd_seed": -1,
        "hd_strategy": "Crop",
    }
    response = client.post(PATH, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    result = samples_of(response.content)
    np.testing.assert_array_equal(result[~HOLE], SAMPLES[~HOLE])
    assert (result[HOLE] != SAMPLES[HOLE]).any(axis=-1).mean() > 0.9


def broken_into_lines(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def of_urls(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "encode",
    [
        broken_into_lines,
        lambda data: broken_into_lines(data).replace("\n", "\r\n"),
        lambda data: "data:image/png;base64," + broken_into_lines(data),
        of_urls,
    ],
    ids=["lines", "lines with CRLF", "lines in a data URL", "of URLs, without padding"],
)
def test_every_common_base64_is_read(client, encode):
    body = {"image": encode(file_of(SAMPLES)), "mask": encode(mask_file(HOLE))}
    response = client.post(PATH, json=body)
    assert response.status_code == 200, response.text
    assert (samples_of(response.content)[HOLE] != SAMPLES[HOLE]).any()


def test_all_that_its_clients_send_passes(client):
    body = {"image": text(file_of(SAMPLES)), "mask": text(mask_file(HOLE))}
    response = client.post(PATH, json=body | dict.fromkeys(IOPAINT, "any"))
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("name", ["Mask", "dilate", "maks"])
def test_what_its_clients_do_not_send_is_refused_by_name(client, name):
    body = {"image": text(file_of(SAMPLES)), "mask": text(mask_file(HOLE)), name: "1"}
    response = client.post(PATH, json=body)
    assert response.status_code == 422
    assert f"'{name}'" in response.json()["detail"]


def test_nothing_is_asked_for_in_the_query(client):
    body = {"image": text(file_of(SAMPLES)), "mask": text(mask_file(HOLE))}
    response = client.post(PATH, json=body, params={"mask": "x"})
    assert response.status_code == 422
    assert "query" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ("{", 422, "the body must be JSON, an object with image and mask in base64"),
        (json.dumps({"image": text(b"x")}), 422, "there is no mask; send the file in base64"),
        (json.dumps({"image": "?", "mask": "?"}), 422, "the image is not base64"),
        (
            json.dumps({"image": "http://127.0.0.1/a.png", "mask": __file__}),
            422,
            "the image is not base64",
        ),
        (json.dumps({"image": text(b"x"), "mask": text(b"x")}), 415, "text, not a picture"),
        (
            json.dumps({"image": text(file_of(SAMPLES)), "mask": text(file_of(noise(9, 9)))}),
            422,
            "9 x 9",
        ),
    ],
    ids=["no json", "no mask", "no base64", "a URL", "no image", "sizes"],
)
def test_errors_have_the_shape_that_the_web_app_reads(client, body, status, word):
    response = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    error = response.json()
    assert error.keys() == {"error", "detail", "body", "errors"}
    assert word.lower() in error["errors"].lower()


def test_a_body_that_is_too_large_is_refused():
    with client_of(max_body_bytes=1000) as client:
        response = client.post(PATH, content=(b" " * 600 for _ in range(3)))
    assert response.status_code == 413
    assert "1000" in response.json()["errors"]


def test_the_configuration_names_the_model(client):
    config = client.get("/api/v1/server-config").json()
    (model,) = config["modelInfos"]
    assert model == client.get("/api/v1/model").json()
    assert (model["name"], model["model_type"]) == ("dummy", "inpaint")
    assert config["disableModelSwitch"]


def test_every_photo_is_without_prompts(client):
    response = client.post("/api/v1/gen-info", files={"file": file_of(SAMPLES)})
    assert response.json() == {"prompt": "", "negative_prompt": ""}


def test_there_is_no_photo_to_begin_with(client):
    response = client.get("/api/v1/inputimage")
    assert (response.status_code, response.content) == (204, b"")


def test_the_socket_opens_and_closes_when_the_server_stops():
    with client_of() as client:
        query = {"EIO": 4, "transport": "polling"}
        opening, consent = client.get("/socket.io/", params=query).text.split("\x1e")
        sid = json.loads(opening.removeprefix("0"))["sid"]
        assert json.loads(consent.removeprefix("40")) == {"sid": sid}
        assert client.post("/socket.io/", params=query | {"sid": sid}, content="40").text == "ok"
        client.app.state.runtime.lifecycle.drain()
        assert client.get("/socket.io/", params=query | {"sid": sid}).text == "1"


def test_the_socket_pings(monkeypatch):
    monkeypatch.setattr("service.routes.socket.PING_S", 0.01)
    monkeypatch.setattr("service.routes.socket.GLANCE_S", 0.001)
    with client_of() as client:
        assert client.get("/socket.io/", params={"sid": "any"}).text == "2"

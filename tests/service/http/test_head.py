"""HEAD on every route that answers GET."""

import pytest

from service.app import create_app
from service.engine.dummy import DummyEngine
from tests.service.servers import SIZES, settings_of

PATHS = [
    path
    for path, methods in create_app(settings_of(), DummyEngine(SIZES)).openapi()["paths"].items()
    if "get" in methods
]
FILES = ["/", "/docs", "/openapi.json", "/web/app.js", "/docs/assets/swagger-ui.css", "/socket.io/"]


@pytest.mark.parametrize("path", [*PATHS, *FILES])
def test_head_is_get_without_the_body(client, path):
    got, asked = client.get(path), client.head(path)
    assert asked.status_code == got.status_code
    assert asked.content == b""
    assert asked.headers["content-type"] == got.headers["content-type"] if got.content else True
    same_length = path not in ("/metrics", "/socket.io/")  # these change from call to call
    if same_length:
        assert asked.headers.get("content-length") == got.headers.get("content-length")


def test_there_are_routes_to_ask():
    assert {"/health/live", "/health/ready", "/metrics", "/model", "/v1/models"} <= set(PATHS)


@pytest.mark.parametrize("path", ["/inpaint", "/v1/images/edits", "/api/v1/inpaint"])
def test_what_does_not_answer_get_does_not_answer_head(client, path):
    response = client.head(path)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


def test_what_answers_get_names_head_too(client):
    response = client.post("/model")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


def test_nothing_is_nothing(client):
    assert client.head("/nothing").status_code == 404

"""`Accept` as clients send it, and the format of the answer."""

import pytest
from starlette.datastructures import Headers

from service.http.accept import accepted_format
from tests.service.pictures import file_of, noise, opened

PHOTO = {"image": file_of(noise(41, 57))}
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
CHROME_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

ACCEPTED = {
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "IMAGE/JPEG": "jpeg",
    "image/webp": "webp",
    "image/png": "png",
    "image/jpeg;q=0.9": "jpeg",
    "image/jpeg, image/png": "jpeg",
    "image/png, image/jpeg": "png",
    "image/png;q=0.5, image/jpeg": "jpeg",
    "image/avif,image/webp": "webp",
    "image/avif": "png",
    "image/jpeg;q=0": "png",
    "image/*": "png",
    "image/*;q=0.1, image/webp;q=0.9": "webp",
    "image/webp;q=high": "webp",
    "": "png",
    "*/*": "png",
    "image/jpeg, */*": "png",
    "image/jpeg, application/json": "png",
    FIREFOX: "png",
    CHROME: "png",
    CHROME_IMAGE: "png",
    ",": "png",
}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_the_header_says_the_format(accept):
    assert accepted_format(Headers({"Accept": accept})) == ACCEPTED[accept]


def test_several_headers_are_one():
    pair = [(b"accept", b"image/png;q=0.5"), (b"accept", b"image/webp")]
    assert accepted_format(Headers(raw=pair)) == "webp"


@pytest.mark.parametrize("accept", ["image/jpeg", "image/webp", CHROME])
def test_the_answer_is_of_the_accepted_format(client, accept):
    response = client.post("/inpaint", files=PHOTO, headers={"Accept": accept})
    kind = ACCEPTED[accept]
    assert response.headers["content-type"] == f"image/{kind}"
    assert opened(response.content).format == kind.upper()


@pytest.mark.parametrize("given", ["png", "webp"])
def test_the_field_comes_before_the_header(client, given):
    headers = {"Accept": "image/jpeg"}
    response = client.post("/inpaint", files=PHOTO, data={"format": given}, headers=headers)
    assert response.headers["content-type"] == f"image/{given}"

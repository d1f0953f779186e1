import pytest

from tests.service.pictures import file_of, noise
from tests.service.servers import client_of

PHOTO = {"image": file_of(noise(8, 8))}
PAGE = "https://photos.example"
STRANGER = "https://evil.example"


@pytest.fixture(scope="module")
def guarded():
    with client_of(api_keys="first-key, second-key", cors_origins=PAGE) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("key", ["first-key", "second-key"])
def test_each_key_opens(guarded, key):
    assert guarded.post("/inpaint", files=PHOTO, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong"),
        {"Authorization": "Bearer"},
        bearer("first-key second-key"),
        {"Authorization": "first-key"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "Bearer Ärger".encode("latin-1")},
    ],
    ids=["none", "wrong", "empty", "both", "bare", "basic", "not ASCII"],
)
@pytest.mark.parametrize("path", ["/inpaint", "/model", "/metrics", "/nothing"])
def test_without_a_key_nothing_opens(guarded, path, headers):
    method = "POST" if path == "/inpaint" else "GET"
    response = guarded.request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"
    assert "first-key" not in response.text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/docs", "/openapi.json"])
def test_probes_and_documentation_need_no_key(guarded, path):
    assert guarded.get(path).status_code == 200


def test_keys_are_checked_before_the_body_is_read(guarded):
    def body():
        yield b"-" * 1000
        raise AssertionError("the server asked for more of the body")

    # The server answers while the client still holds the rest of its body back.
    with pytest.raises(AssertionError, match="asked for more"):
        guarded.post("/inpaint", content=body())


def test_a_page_on_the_list_may_ask_and_read(guarded):
    headers = {"Origin": PAGE} | bearer("first-key")
    response = guarded.post("/inpaint", files=PHOTO, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == PAGE
    exposed = response.headers["access-control-expose-headers"]
    for header in ("X-Request-ID", "Retry-After", "Server-Timing", "X-Inpaint-Windows"):
        assert header in exposed


def test_a_page_can_read_why_it_was_refused(guarded):
    response = guarded.post("/inpaint", headers={"Origin": PAGE})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == PAGE


def test_a_preflight_needs_no_key(guarded):
    headers = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-request-id",
    }
    response = guarded.options("/inpaint", headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", PAGE + ".evil.example", PAGE + ":8443", "", "http://["]
)
def test_other_pages_are_refused_by_the_server(guarded, origin):
    headers = {"Origin": origin} | bearer("first-key")
    for method in ("POST", "GET", "OPTIONS"):
        response = guarded.request(method, "/inpaint", headers=headers)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/problem+json"
        assert "access-control-allow-origin" not in response.headers


def test_every_page_is_a_stranger_by_default(client):
    response = client.post("/inpaint", files=PHOTO, headers={"Origin": STRANGER})
    assert response.status_code == 403


def test_a_page_of_the_server_itself_is_no_stranger(client):
    origin = str(client.base_url).rstrip("/")
    assert client.post("/inpaint", files=PHOTO, headers={"Origin": origin}).status_code == 200


def test_any_page_may_ask_where_the_list_says_so():
    with client_of(cors_origins="*") as client:
        response = client.post("/inpaint", files=PHOTO, headers={"Origin": STRANGER})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers

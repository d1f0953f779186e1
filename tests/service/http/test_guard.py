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


def test_the_models_of_openai_need_a_key(guarded):
    assert guarded.get("/v1/models").status_code == 401
    assert guarded.get("/v1/models", headers=bearer("first-key")).status_code == 200


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


# --- behind a proxy, which changes Host -----------------------------------------------------------

SEEN = "http://photos.example:8312"
INNER = {"Host": "127.0.0.1:1"}  # what nginx makes of Host with nothing but proxy_pass
FILES = ["/", "/web/app.js", "/web/inpaint.js", "/web/style.css", "/docs", "/openapi.json"]


def ask(client, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/inpaint", files=PHOTO, headers=named).status_code


@pytest.mark.parametrize("path", [*FILES, "/docs/assets/swagger-ui.css", "/health/ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("origin", [SEEN, STRANGER, "null"])
def test_files_are_for_every_page(client, path, method, origin):
    response = client.request(method, path, headers=INNER | {"Origin": origin})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", FILES)
def test_a_preflight_of_a_stranger_is_refused_for_files_too(client, path):
    headers = {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}
    assert client.options(path, headers=headers).status_code == 403


def test_the_browser_says_that_a_page_is_the_servers_own(client):
    assert ask(client, **INNER, Origin=SEEN, Sec_Fetch_Site="same-origin") == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "anything"])
def test_what_the_browser_says_of_strangers_is_believed(client, site):
    own = str(client.base_url).rstrip("/")
    for origin in (STRANGER, own):
        headers = {"Origin": origin, "Sec-Fetch-Site": site, "X-Inpaint-Page": "1"}
        assert client.post("/inpaint", files=PHOTO, headers=headers).status_code == 403


def test_the_own_page_is_known_by_its_header_and_a_stranger_cannot_send_it(client):
    assert ask(client, **INNER, Origin=SEEN, X_Inpaint_Page="1") == 200
    # A browser asks first whether another origin's page may send it, and is told no.
    preflight = {
        "Origin": STRANGER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-inpaint-page",
    }
    response = client.options("/inpaint", headers=preflight)
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://photos.example:8312", "photos.example:8312", 200),
        ("http://Photos.Example:8312".lower(), "Photos.Example:8312", 200),
        ("https://photos.example", "photos.example", 200),
        ("https://photos.example", "photos.example:443", 200),
        ("http://photos.example", "photos.example:80", 200),
        ("https://photos.example:8443", "photos.example", 200),  # nginx: Host $host
        ("http://[::1]:8312", "[::1]:8312", 200),
        ("https://photos.example", "photos.example:80", 403),
        ("http://photos.example:1", "photos.example:2", 403),
        ("http://photos.example.evil", "photos.example", 403),
        ("http://evil.example", "photos.example", 403),
        ("null", "null", 403),
        ("http://", "photos.example", 403),
        ("http://photos.example:x", "photos.example", 403),
        ("file://photos.example", "photos.example", 403),
    ],
)
def test_a_page_is_the_servers_own_where_host_says_so(client, origin, host, status):
    assert ask(client, Origin=origin, Host=host) == status


FORWARDED = {
    "host": {"X-Forwarded-Host": "photos.example:8312"},
    "host and scheme": {"X-Forwarded-Host": "photos.example:8312", "X-Forwarded-Proto": "http"},
    "name alone": {"X-Forwarded-Host": "photos.example"},
    "two proxies": {"X-Forwarded-Host": "photos.example:8312, inner.example"},
    "RFC 7239": {"Forwarded": 'for=10.0.0.1;host="photos.example:8312";proto=http, for=10.0.0.2'},
    "RFC 7239, no quotes": {"Forwarded": "Host=photos.example;for=10.0.0.1"},
}


@pytest.mark.parametrize("name", FORWARDED)
def test_what_a_proxy_says_is_believed_only_if_set(client, trusting, name):
    headers = INNER | {"Origin": SEEN} | FORWARDED[name]
    assert client.post("/inpaint", files=PHOTO, headers=headers).status_code == 403
    assert trusting.post("/inpaint", files=PHOTO, headers=headers).status_code == 200
    headers["Origin"] = STRANGER
    assert trusting.post("/inpaint", files=PHOTO, headers=headers).status_code == 403


def test_another_scheme_is_another_origin(trusting):
    headers = {"X-Forwarded-Host": "photos.example", "X-Forwarded-Proto": "https"}
    for origin, status in (("https://photos.example", 200), ("http://photos.example", 403)):
        response = trusting.post("/inpaint", files=PHOTO, headers=headers | {"Origin": origin})
        assert response.status_code == status


@pytest.fixture(scope="module")
def trusting():
    with client_of(trust_forwarded=True) as client:
        yield client


def test_a_refused_page_is_told_what_to_change(client):
    response = client.post("/inpaint", files=PHOTO, headers=INNER | {"Origin": SEEN})
    detail = response.json()["detail"]
    for words in (SEEN, "127.0.0.1:1", "Host", "INPAINT_CORS_ORIGINS"):
        assert words in detail


@pytest.mark.parametrize("written", [PAGE + "/", PAGE + ":443", "HTTPS://Photos.Example"])
def test_origins_on_the_list_are_understood_as_people_write_them(written):
    with client_of(cors_origins=written) as client:
        response = client.post("/inpaint", files=PHOTO, headers={"Origin": PAGE})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == PAGE

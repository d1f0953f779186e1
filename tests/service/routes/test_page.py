"""The demo page as the service serves it; what it does is tested in Chromium in tests/web."""

import re
from pathlib import Path

import pytest

import service
from tests.service.servers import client_of

FOLDER = Path(service.__file__).parent / "web"
MODULES = sorted(path.name for path in FOLDER.glob("*.js"))
OTHERS = ["style.css", "icons.svg", "icon.svg", "sample.jpg"]


def test_the_page_and_its_files_load_nothing_from_elsewhere(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    links = set(re.findall(r'(?:src|href)="([^"#]+)', page.text))
    assert len(links) >= 5
    for link in links:
        assert client.get(f"/{link}").status_code == 200
    for text in [page.text, *((FOLDER / name).read_text() for name in [*MODULES, "style.css"])]:
        assert not re.search(r"https?://(?!www\.w3\.org/)(?!\.\.\.)[\w.]", text)


@pytest.mark.parametrize("name", [*MODULES, *OTHERS])
def test_files_have_their_types_and_are_revalidated(client, name):
    answer = client.get(f"/web/{name}")
    assert answer.status_code == 200
    kind = {".js": "javascript", ".css": "text/css", ".svg": "svg", ".jpg": "jpeg"}
    assert kind[Path(name).suffix] in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(f"/web/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_every_import_is_a_file_of_the_page():
    for name in MODULES:
        for imported in re.findall(r"from '\./([^']+)'", (FOLDER / name).read_text()):
            assert imported in MODULES


def test_the_page_may_only_talk_to_its_own_server(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_page_is_small():
    """The page by itself, and the one photo in it."""
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert sizes.pop("sample.jpg") < 70_000
    assert sum(sizes.values()) < 120_000


def test_the_page_is_told_what_the_service_takes():
    with client_of(api_keys="secret", max_pixels=123, max_body_bytes=456) as client:
        answer = client.get("/web/service.json")
    assert answer.headers["cache-control"] == "no-cache"
    about = answer.json()
    assert (about["maxPixels"], about["maxBytes"]) == (123, 456)
    assert about["terms"] == "unspecified"
    assert about["formats"] == ["PNG", "JPEG", "WebP"]
    assert {"dilate", "format"} <= set(about["fields"])


def test_without_its_scripts_the_page_says_so_and_shows_nothing_else(client):
    page = client.get("/").text
    assert "Its scripts did not load" in page
    assert "<noscript>" in page
    states = re.findall(r"<[^>]* data-in=[^>]*>", page)
    assert len(states) >= 8
    assert all(element.endswith(" hidden>") for element in states)


def test_the_page_needs_no_key():
    with client_of(api_keys="secret") as client:
        assert client.get("/").status_code == 200
        assert client.get("/web/app.js").status_code == 200
        assert client.get("/web").status_code == 401


@pytest.mark.parametrize("path", ["/web/../app.py", "/web/%2e%2e/app.py", "/web/nothing.js"])
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


def test_a_proxy_can_publish_the_page_under_a_path():
    with client_of(root_path="/inpainting") as client:
        assert client.get("/inpainting/").status_code == 200
        assert client.get("/inpainting/web/app.js").status_code == 200

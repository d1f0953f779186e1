"""A page of another origin that uses the browser client: allowed by name, refused otherwise."""

import base64
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import service as service_package
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import client_of

HEIGHT, WIDTH = 60, 80
CLIENT = Path(service_package.__file__).parent / "web" / "inpaint.js"
ASK = """async ([client, service]) => {
  const { inpaint } = await import(client);
  const [photo, mask] = await Promise.all(
    ['photo.png', 'mask.png'].map(async (name) => (await fetch(name)).blob()));
  const told = [];
  try {
    const filled = await inpaint(photo, mask, { service, onProgress: (p) => told.push(p) });
    const bytes = new Uint8Array(await filled.arrayBuffer());
    return { told, image: btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join('')) };
  } catch ({ name, status, title }) {
    return { name, status, title };
  }
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *arguments: Any) -> None: ...


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two origins with the same files: a page, the client, a photo and its mask."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "index.html").write_text("<!doctype html><title>A page of your own</title>")
    (folder / "photo.png").write_bytes(file_of(noise(HEIGHT, WIDTH)))
    (folder / "mask.png").write_bytes(mask_file(box_hole(HEIGHT, WIDTH)))
    shutil.copy(CLIENT, folder)
    handler = partial(Quiet, directory=str(folder))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first, second = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    yield first, second
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def choosy(origins: tuple[str, str]) -> Iterator[httpx.Client]:
    """A service that allows the first of the two origins."""
    with client_of(cors_origins=origins[0]) as client:
        yield client


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.mark.parametrize("from_the_service", [False, True], ids=["own copy", "from the service"])
def test_an_allowed_origin(page, origins, choosy, from_the_service):
    service = str(choosy.base_url).rstrip("/")
    page.goto(origins[0])
    client = f"{service}/web/inpaint.js" if from_the_service else "./inpaint.js"
    answer = page.evaluate(ASK, [client, service])
    assert answer["told"][-1]["done"] == answer["told"][-1]["total"]
    samples, hole = noise(HEIGHT, WIDTH), box_hole(HEIGHT, WIDTH)
    changed = (samples_of(base64.b64decode(answer["image"])) != samples).any(axis=-1)
    assert changed[hole].mean() > 0.9
    assert not changed[~hole].any()


def test_another_origin_is_refused(page, origins, choosy):
    page.goto(origins[1])
    answer = page.evaluate(ASK, ["./inpaint.js", str(choosy.base_url).rstrip("/")])
    assert answer == {"name": "InpaintError", "status": 0, "title": "The service cannot be reached"}

"""The examples for browsers, in Chromium, on pages of another origin than the service's.

browser.html runs as it is. react.jsx is bundled with React by esbuild, both from the npm registry.
"""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytestmark = pytest.mark.long

ALLOWED_PORT, REFUSED_PORT = 3999, 3998
REACT_PAGE = """
import { createRoot } from 'react-dom/client';
import { Inpainted } from './react.jsx';
const [image, mask] = await Promise.all(
  ['photo.png', 'mask.png'].map(async (name) => (await fetch(name)).blob()));
const service = new URLSearchParams(location.search).get('service');
createRoot(document.body).render(
  <Inpainted image={image} mask={mask} service={service} alt="filled" />);
"""
# How much of the filled picture differs from the photo, inside and outside the hole.
DIFFERENCES = """async () => {
  const pixels = async (source) => {
    const bitmap = await createImageBitmap(await (await fetch(source)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    canvas.drawImage(bitmap, 0, 0);
    return canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
  };
  const [photo, mask, filled] = await Promise.all(
    ['photo.png', 'mask.png', document.querySelector('img').src]
      .map(pixels));
  const differ = { inside: 0, outside: 0 };
  for (let i = 0; i < filled.length; i += 4)
    for (let c = 0; c < 3; c++)
      if (filled[i + c] !== photo[i + c]) differ[mask[i] > 127 ? 'inside' : 'outside']++;
  return differ;
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None: ...


@pytest.fixture
def pages(tmp_path: Path, examples: Path, photo: Path, mask: Path) -> Iterator[Path]:
    """A folder served from two origins, of which the service allows one; has both pictures."""
    shutil.copy(examples / "browser.html", tmp_path)
    handler = partial(Quiet, directory=str(tmp_path))
    servers = [
        ThreadingHTTPServer(("localhost", port), handler) for port in (ALLOWED_PORT, REFUSED_PORT)
    ]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    options = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=chromium, args=options)
        yield browser.new_page()
        browser.close()


def fill_form(page: Any, port: int, server: str, pages: Path) -> None:
    page.goto(f"http://localhost:{port}/browser.html?service={server}")
    page.set_input_files("[name=image]", pages / "photo.png")
    page.set_input_files("[name=mask]", pages / "mask.png")
    page.click("button")


def test_a_form_on_an_allowed_origin(page: Any, pages: Path, server: str) -> None:
    fill_form(page, ALLOWED_PORT, server, pages)
    page.wait_for_selector("img", state="visible")
    differ = page.evaluate(DIFFERENCES)
    assert differ["inside"] > 0
    assert differ["outside"] == 0


def test_a_form_on_another_origin_is_refused(page: Any, pages: Path, server: str) -> None:
    fill_form(page, REFUSED_PORT, server, pages)
    page.wait_for_function(
        "!/^(|Filling …)$/.test(document.querySelector('p:last-of-type').innerText)"
    )
    assert page.inner_text("[role=status]") != "Done"
    assert page.is_hidden("img")


def test_a_react_component(page: Any, pages: Path, server: str, examples: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    shutil.copy(examples / "react.jsx", pages)
    (pages / "page.jsx").write_text(REACT_PAGE)
    (pages / "react.html").write_text("<body><script type=module src=bundle.js></script>")
    install = [npm, "install", "--no-audit", "--no-fund", "react@19", "react-dom@19", "esbuild"]
    subprocess.run(install, cwd=pages, check=True, capture_output=True)
    bundle = [
        "node_modules/.bin/esbuild",
        "page.jsx",
        "--bundle",
        "--format=esm",
        "--jsx=automatic",
    ]
    subprocess.run([*bundle, "--outfile=bundle.js"], cwd=pages, check=True, capture_output=True)

    page.goto(f"http://localhost:{ALLOWED_PORT}/react.html?service={server}")
    page.wait_for_selector("img", state="visible")
    differ = page.evaluate(DIFFERENCES)
    assert differ["inside"] > 0
    assert differ["outside"] == 0

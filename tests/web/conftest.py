"""Chromium, a server with the dummy engine, and a page that keeps what it sends."""

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.pictures import file_of, noise, samples_of
from tests.service.servers import client_of

WIDTH, HEIGHT = 300, 200
MARGIN = 16
PATIENCE_MS = 30_000
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-color-profile=srgb",
    # A name that is no name of this machine, to which browsers do not say Sec-Fetch-Site over http.
    "--host-resolver-rules=MAP photos.example 127.0.0.1",
]
KEEP_WHAT_IS_SENT = """
window.sent = {};
const append = FormData.prototype.append;
FormData.prototype.append = function (name, value, ...rest) {
  window.sent[name] = value;
  return append.call(this, name, value, ...rest);
};
"""
BASE64_OF_SENT = """async (name) => {
  const bytes = new Uint8Array(await window.sent[name].arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""
PAINTED = """() => {
  const canvas = document.querySelector('canvas.mask');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, index) => index % 4 === 3 && value > 127).length;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Closed after each module: while it is open an event loop is running in
    this thread, and other tests that want to run one of their own would fail."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service() -> Iterator[httpx.Client]:
    """A server with windows as small as the test's photo."""
    with client_of() as client:
        yield client


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The same with the models `dummy`, which is the default one, `other` and `third`."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("other", "third"):
        (folder / f"{name}.onnx").touch()
    with client_of(models=folder) as client:
        yield client


@pytest.fixture
def url(service: httpx.Client) -> str:
    """Where the page is."""
    return f"{service.base_url}/"


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG of noise, WIDTH x HEIGHT."""
    path = tmp_path_factory.mktemp("photos") / "noise.png"
    path.write_bytes(file_of(noise(HEIGHT, WIDTH)))
    return path


@dataclass
class Demo:
    """The demo page and what a user does with it. Places are in pixels of the photo."""

    page: Any
    photo: Path

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.set_input_files("#file", self.photo)
        self.wait_for("painting")

    def wait_for(self, state: str) -> None:
        self.page.wait_for_selector(f"body[data-state={state}]")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the photo is on the page while all of the photo is in view."""
        box = self.page.locator("#editor").bounding_box()
        scale = min((box["width"] - 2 * MARGIN) / WIDTH, (box["height"] - 2 * MARGIN) / HEIGHT)
        left = box["x"] + (box["width"] - WIDTH * scale) / 2
        top = box["y"] + (box["height"] - HEIGHT * scale) / 2
        return left + x * scale, top + y * scale

    def paint(self, *points: tuple[float, float]) -> None:
        """Draw a line with the mouse."""
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=4)
        mouse.up()

    def do(self, action: str) -> None:
        self.page.locator(f"[data-do={action}]:visible").click()

    def painted(self) -> int:
        """How many pixels of the screen are painted over."""
        return int(self.page.evaluate(PAINTED))

    def fill(self) -> None:
        self.do("fill")
        self.wait_for("result")

    def sent(self, name: str) -> bytes:
        return base64.b64decode(self.page.evaluate(BASE64_OF_SENT, name))

    def sent_hole(self) -> np.ndarray:
        """The hole in the mask that was sent: where its one channel of one bit is white."""
        return samples_of(self.sent("mask"))

    def downloaded(self) -> np.ndarray:
        with self.page.expect_download() as download:
            self.do("download")
        return samples_of(Path(download.value.path()).read_bytes())


@pytest.fixture
def demo(browser: Any, photo: Path, request: pytest.FixtureRequest) -> Iterator[Demo]:
    """The page in a window of its own; `request.param` changes the window."""
    options = {"viewport": {"width": 900, "height": 700}, "reduced_motion": "reduce"}
    context = browser.new_context(**(options | getattr(request, "param", {})))
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(KEEP_WHAT_IS_SENT)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield Demo(page, photo)
    context.close()
    assert not failures

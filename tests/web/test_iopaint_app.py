"""IOPaint's own web app, as it is in the wheel on PyPI, driven in Chromium against the service."""

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.service.pictures import noise, samples_of
from tests.service.servers import client_of
from tests.web.conftest import HEIGHT, PATIENCE_MS, WIDTH

pytestmark = pytest.mark.long

IOPAINT = "iopaint==1.6.0"
MIDDLE_OF_THE_CANVAS = """() => {
  const canvas = document.querySelector('canvas');
  const context = canvas.getContext('2d');
  return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
}"""


@pytest.fixture(scope="module")
def web_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the web app's files."""
    folder = tmp_path_factory.mktemp("iopaint")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", IOPAINT]
    ran = subprocess.run([*fetch, "--dest", folder], capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"{IOPAINT} cannot be fetched: {ran.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(folder)
    return folder / "iopaint" / "web_app"


@pytest.fixture
def hosting(web_app: Path) -> Iterator[httpx.Client]:
    """The service with IOPaint's web app in the place of its own page."""
    with client_of() as client:
        client.app.router.routes[:0] = [  # type: ignore[attr-defined]
            Route("/", lambda _: FileResponse(web_app / "index.html")),
            Mount("/assets", StaticFiles(directory=web_app / "assets")),
        ]
        yield client


def decoded(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


@pytest.fixture
def page(browser: Any, hosting: httpx.Client) -> Iterator[Any]:
    """A window that is closed before the service stops, as its socket stays open."""
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


def test_paint_run_and_the_result_appears(page: Any, hosting: httpx.Client, photo: Path) -> None:
    refused: list[str] = []
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            refused.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and not answer.url.endswith("favicon.ico")
            else None
        ),
    )
    page.goto(str(hosting.base_url))
    with page.expect_response("**/api/v1/gen-info"):
        page.set_input_files("input[type=file]", photo)
    page.wait_for_function(f"document.querySelector('canvas')?.width === {WIDTH}")
    page.wait_for_timeout(1000)  # the app moves the photo to the middle in its own time
    answers: list[bytes] = []

    def keep_answer(route: Any) -> None:
        answer = route.fetch()
        answers.append(answer.body())
        route.fulfill(response=answer)

    page.route("**/api/v1/inpaint", keep_answer)
    box = page.locator("canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 20, y - 20)
    page.mouse.down()
    page.mouse.move(x + 20, y + 20, steps=5)
    with page.expect_response("**/api/v1/inpaint") as answered:
        page.mouse.up()

    sent = json.loads(answered.value.request.post_data)
    samples = noise(HEIGHT, WIDTH)
    np.testing.assert_array_equal(samples_of(decoded(sent["image"]))[..., :3], samples)
    hole = (samples_of(decoded(sent["mask"]))[..., :3] > 127).any(axis=-1)
    assert hole[HEIGHT // 2, WIDTH // 2]
    result = samples_of(answers[0])[..., :3]
    changed = (result != samples).any(axis=-1)
    assert changed[hole].mean() > 0.8  # soft edges of strokes are half hole, half not
    assert not changed[~hole].any()
    shown = [*result[HEIGHT // 2, WIDTH // 2].tolist(), 255]
    page.wait_for_function(
        f"shown => `${{({MIDDLE_OF_THE_CANVAS})()}}` === `${{shown}}`", arg=shown
    )
    assert refused == []
    assert failures == []

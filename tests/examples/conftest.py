"""A real server with the dummy engine, and pictures to send to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

PAGES = "http://localhost:3999"
START_S = 60


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def examples() -> Path:
    return Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server that allows pages from `PAGES`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = {
        "INPAINT_PORT": str(port),
        "INPAINT_ENGINE": "dummy",
        "INPAINT_CORS_ORIGINS": PAGES,
        "INPAINT_DRAIN_DELAY_S": "0",
    }
    command = [sys.executable, "-m", "service", "serve"]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, env=os.environ | settings) as process:
        try:
            until = time.monotonic() + START_S
            while not ready(url):
                assert process.poll() is None, "the server stopped"
                assert time.monotonic() < until, "the server was not ready in time"
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A PNG of noise, 96 by 64."""
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """A white hole on black, of the photo's size."""
    path = tmp_path / "mask.png"
    pixels = np.zeros((64, 96), np.uint8)
    pixels[20:44, 24:60] = 255
    assert cv2.imwrite(str(path), pixels)
    return path

"""A real server with the dummy engine, and pictures to send to it."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.service.commands.test_serve import process

PAGES = "http://localhost:3999"


@pytest.fixture(scope="session")
def examples() -> Path:
    return Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server that allows pages from `PAGES`."""
    with process(cors_origins=PAGES, drain_delay_s="0") as (_, client, *_):
        yield str(client.base_url).rstrip("/")


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

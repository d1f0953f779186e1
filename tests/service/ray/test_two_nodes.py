"""A Ray cluster of two nodes for real, one of which dies under load."""

import importlib.util
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from service.__main__ import main as service
from tests.service.pictures import box_hole, mask_file, samples_of
from tests.service.ray.cluster import PATIENCE_S, ROOT, nodes

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]

PHOTOS, DIES_AFTER, CLIENTS = 200, 60, 4
SIDE = 128
HOLE = box_hole(SIDE, SIDE, top=50, left=40, side=24)
MASK = mask_file(HOLE)

# One precision: each replica would measure which is faster, and two might differ. One window a run:
# batches of other sizes round differently.
SETTINGS = {"INPAINT_PRECISION": "int8", "INPAINT_MAX_BATCH": "1"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder with parts of a photo, no two alike."""
    folder = tmp_path_factory.mktemp("photos")
    photo = np.asarray(Image.open(ROOT / "docs" / "photos" / "otter.jpg").convert("RGB"))
    random = np.random.default_rng(0)
    for number in range(PHOTOS):
        top, left = (random.integers(0, size - SIDE) for size in photo.shape[:2])
        part = Image.fromarray(photo[top : top + SIDE, left : left + SIDE])
        part.save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def expected(photos, tmp_path_factory):
    """What the pipeline makes of them, without HTTP and without Ray."""
    folder = tmp_path_factory.mktemp("expected")
    mask = folder / "mask.png"
    mask.write_bytes(MASK)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        assert service(["fill", str(photos), str(mask), "-o", str(folder / "out"), "--quiet"]) == 0
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def answered(client: httpx.Client, image: bytes) -> tuple[httpx.Response, int]:
    """The answer, and how many tries failed before.

    A node that dies breaks connections, or Ray's proxy says 500 in its own words for it.
    """
    until = time.monotonic() + PATIENCE_S
    failed = 0
    while time.monotonic() < until:
        try:
            answer = client.post("/inpaint", files={"image": image, "mask": MASK})
        except httpx.TransportError:
            failed += 1
            continue
        problem = answer.headers.get("content-type") == "application/problem+json"
        if answer.status_code in (429, 503):
            time.sleep(min(1, int(answer.headers.get("Retry-After", 1))))
        elif answer.status_code != 500 or problem:
            return answer, failed
        else:
            failed += 1
    raise AssertionError("no answer")


def test_every_photo_is_answered_once_and_right_while_a_node_dies(photos, expected):
    answers: dict[str, bytes] = {}
    failed, lock, dies = 0, threading.Lock(), threading.Event()
    with nodes(2, SETTINGS) as cluster:

        def kill() -> None:
            assert dies.wait(PATIENCE_S)
            cluster.kill_one()

        def ask(path: Path) -> None:
            nonlocal failed
            answer, tries = answered(client, path.read_bytes())
            assert answer.status_code == 200, answer.text
            with lock:
                assert path.name not in answers
                answers[path.name] = answer.content
                failed += tries
                if len(answers) == DIES_AFTER:
                    dies.set()

        with (
            httpx.Client(base_url=cluster.address, timeout=PATIENCE_S, trust_env=False) as client,
            ThreadPoolExecutor(CLIENTS + 1) as pool,
        ):
            killing = pool.submit(kill)
            list(pool.map(ask, sorted(photos.iterdir())))
            killing.result()

    print(f"{failed} tries failed")
    assert len(answers) == PHOTOS
    for path in photos.iterdir():
        filled = samples_of(answers[path.name])
        original = np.asarray(Image.open(path))
        np.testing.assert_array_equal(filled[~HOLE], original[~HOLE])
        assert answers[path.name] == expected[path.name]

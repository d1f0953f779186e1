"""Limits of keys, from the file that holds them to the answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.clock import Clock
from tests.service.gated import GatedEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import PATIENCE_S, client_of, wait_for, wait_until_idle

SIDE = 40
FILES = {"image": file_of(noise(SIDE, SIDE)), "mask": mask_file(box_hole(SIDE, SIDE))}
PLAIN = {"Authorization": "Bearer plain-key"}
SHOP = {"Authorization": "Bearer s3cret"}
ASYNC = SHOP | {"Prefer": "respond-async"}


@pytest.fixture
def keys(tmp_path):
    """Writes the file of keys: one plain, and one with the given limits."""

    def write(limits: str):
        file = tmp_path / "keys"
        file.write_text(f"plain-key\ns3cret name=shop {limits}\n")
        return file

    return write


def assert_refused(response, slug: str) -> int:
    """Check that a limit of the shop was said to be reached; after how long to try again."""
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:inpaint:problem:{slug}"
    assert "shop" in response.json()["detail"]
    assert "s3cret" not in response.text
    return int(response.headers["retry-after"])


def told(client, line: str) -> bool:
    return f"\n{line}\n" in client.get("/metrics", headers=PLAIN).text


def test_requests_and_jobs_at_once(keys):
    engine = GatedEngine()
    with (
        client_of(engine, api_keys_file=keys("concurrency=2"), workers=1) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        job = client.post("/inpaint", files=FILES, headers=ASYNC).headers["location"]
        wait_for(lambda: engine.runs == 1)
        busy = pool.submit(client.post, "/inpaint", files=FILES, headers=SHOP)
        wait_for(lambda: told(client, 'inpaint_key_under_way{key="shop"} 2.0'))
        for headers in (SHOP, ASYNC):
            refused = client.post("/inpaint", files=FILES, headers=headers)
            assert assert_refused(refused, "too-many-at-once") >= 1
        assert client.get(job, headers=SHOP).status_code == 200  # asking how far it is counts not
        assert told(client, 'inpaint_key_refusals_total{key="shop",limit="concurrency"} 2.0')
        other = client.post("/inpaint", files=FILES, headers=PLAIN | {"Prefer": "respond-async"})
        assert other.status_code == 202
        engine.open()
        assert busy.result(PATIENCE_S).status_code == 200
        wait_until_idle(client)
        assert client.post("/inpaint", files=FILES, headers=SHOP).status_code == 200


def test_requests_a_minute(keys):
    with client_of(api_keys_file=keys("requests_per_minute=2")) as client:
        clock = client.app.state.runtime.allowances.clock = Clock(1000)
        assert client.post("/inpaint", files=FILES, headers=SHOP).status_code == 200
        clock.now += 20
        assert client.post("/inpaint", files=FILES, headers=ASYNC).status_code == 202
        for path in ("/inpaint", "/inpaint%0A"):
            refused = client.post(path, files=FILES, headers=SHOP)
            assert assert_refused(refused, "too-many-requests") == 40
        openai = client.post("/v1/images/edits", files=FILES, headers=SHOP)
        assert openai.status_code == 429
        assert openai.json()["error"]["code"] == "too-many-requests"
        assert client.get("/model", headers=SHOP).status_code == 200
        assert client.post("/inpaint", files=FILES, headers=PLAIN).status_code == 200
        clock.now += 40
        assert client.post("/inpaint", files=FILES, headers=SHOP).status_code == 200
        shop = 'key="shop",route="/inpaint"'
        wait_for(lambda: told(client, f'inpaint_key_requests_total{{{shop},status="429"}} 2.0'))
        assert told(client, f'inpaint_key_requests_total{{{shop},status="202"}} 1.0')
        assert "s3cret" not in client.get("/metrics", headers=PLAIN).text


def test_pixels_a_day(keys):
    photos = 3 * SIDE * SIDE + 1
    with client_of(api_keys_file=keys(f"pixels_per_day={photos}")) as client:
        calendar = client.app.state.runtime.allowances.calendar = Clock(86400 * 7 + 86000)
        broken = {"image": FILES["image"], "mask": file_of(noise(9, 9))}
        for _ in range(3):  # not answered with a photo, not counted
            assert client.post("/inpaint", files=broken, headers=SHOP).status_code == 422
        assert client.post("/inpaint", files=FILES, headers=SHOP).status_code == 200
        assert client.post("/inpaint", files=FILES, headers=ASYNC).status_code == 202
        failing = client.post("/inpaint", files=broken, headers=ASYNC).headers["location"]
        wait_for(lambda: client.get(failing, headers=SHOP).json()["state"] == "failed")
        assert client.post("/v1/images/edits", files=openai_files(), headers=SHOP).is_success
        for headers in (SHOP, ASYNC):
            refused = client.post("/inpaint", files=FILES, headers=headers)
            assert assert_refused(refused, "pixels-spent") == 400
            assert "1 are left" in refused.json()["detail"]
        large = file_of(noise(2 * SIDE, 2 * SIDE))
        never = client.post("/inpaint", files={"image": large}, headers=SHOP)
        assert never.status_code == 422
        assert never.json()["type"] == "urn:inpaint:problem:too-many-pixels"
        assert client.post("/inpaint", files={"image": large}, headers=PLAIN).status_code == 200
        wait_until_idle(client)
        assert told(client, f'inpaint_key_pixels_total{{key="shop"}} {3 * SIDE * SIDE}.0')
        calendar.now += 400
        assert client.post("/inpaint", files=FILES, headers=SHOP).status_code == 200


def openai_files() -> dict:
    samples = noise(SIDE, SIDE, 4)
    samples[..., 3] = 255
    samples[8:20, 8:20, 3] = 0
    return {"image": FILES["image"], "mask": file_of(samples)}


def test_keys_of_setting_and_file_open_and_are_told_by_name(keys, caplog):
    with (
        caplog.at_level("INFO", "service.requests"),
        client_of(api_keys="first", api_keys_file=keys("")) as client,
    ):
        for key in ("first", "plain-key", "s3cret"):
            bearer = {"Authorization": f"Bearer {key}"}
            assert client.post("/inpaint", files=FILES, headers=bearer).status_code == 200
        for key in ("shop", "name=shop", "s3cret name=shop"):
            bearer = {"Authorization": f"Bearer {key}"}
            assert client.post("/inpaint", files=FILES, headers=bearer).status_code == 401
    lines = [vars(r) for r in caplog.records if vars(r).get("path") == "/inpaint"]
    assert [line.get("key") for line in lines] == ["key-1", "key-2", "shop", None, None, None]

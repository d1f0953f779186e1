"""`POST /inpaint` with `Prefer: respond-async`, and `/jobs/{id}`."""

import gc
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.http.multipart import SPOOL_BYTES
from tests.service.gated import GatedEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import (
    PATIENCE_S,
    SIZES,
    client_of,
    connect,
    raw_post,
    wait_for,
    wait_until_idle,
)
from tests.service.test_concurrency import FULL, open_files, scattered

ASYNC = {"Prefer": "respond-async"}
SAMPLES = noise(40, 44)
HOLE = box_hole(40, 44)
FILES = {"image": file_of(SAMPLES), "mask": mask_file(HOLE)}
NOWHERE = "/jobs/" + 48 * "0"


def begin(client, files=FILES, headers=ASYNC, **fields) -> str:
    """Make a job; where it is."""
    response = client.post("/inpaint", files=files, data=fields, headers=ASYNC | headers)
    assert response.status_code == 202, response.text
    return response.headers["location"]


def ended(client, location: str, **headers: str) -> dict:
    """A job's state, once it has ended."""
    found: dict = {}

    def has_ended() -> bool:
        response = client.get(location, headers=headers)
        assert response.status_code == 200, response.text
        found.update(response.json())
        return found["state"] in ("done", "failed")

    wait_for(has_ended)
    return found


def metric(client, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(value)


def jobs_in(client) -> dict[str, float]:
    states = ("queued", "running", "done", "failed")
    return {state: metric(client, f'inpaint_jobs{{state="{state}"}}') for state in states}


@pytest.mark.parametrize(
    "prefer",
    [
        [("Prefer", "respond-async")],
        [("Prefer", "Respond-Async, wait=10")],
        [("Prefer", "return=minimal"), ("Prefer", "respond-async;x=1")],
    ],
    ids=["alone", "beside others", "twice"],
)
def test_the_result_of_a_job_is_the_answer_of_the_request(client, prefer):
    plain = client.post("/inpaint", files=FILES, data={"format": "webp"})
    made = client.post("/inpaint", files=FILES, data={"format": "webp"}, headers=prefer)
    assert made.status_code == 202
    assert made.headers["preference-applied"] == "respond-async"
    assert int(made.headers["retry-after"]) >= 1
    location = made.headers["location"]
    assert re.fullmatch(r"/jobs/[0-9a-f]{48}", location)
    assert made.json()["id"] == location.rpartition("/")[2]
    state = ended(client, location)
    assert state["state"] == "done"
    assert state["progress"]["done"] == state["progress"]["total"] >= 1
    assert state["result"] == f"{location}/result"
    assert 0 <= state["expires_in_s"] <= 600
    for _ in range(2):  # it can be had more than once
        result = client.get(state["result"])
        assert result.status_code == 200
        assert result.content == plain.content
        assert result.headers["content-type"] == "image/webp"
        assert result.headers["x-inpaint-windows"] == plain.headers["x-inpaint-windows"]
        assert result.headers["cache-control"] == "no-store"
        assert "infer;dur=" in result.headers["server-timing"]


@pytest.mark.parametrize("prefer", ["return=minimal", "respond-asynchronously", "wait=10", ""])
def test_other_preferences_are_no_wish_for_a_job(client, prefer):
    response = client.post("/inpaint", files=FILES, headers={"Prefer": prefer})
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


def test_a_large_result_is_whole(client):
    samples = noise(700, 900)  # noise does not compress: several pieces
    hole = box_hole(700, 900)
    location = begin(client, {"image": file_of(samples), "mask": mask_file(hole)})
    result = client.get(ended(client, location)["result"])
    assert len(result.content) == int(result.headers["content-length"])
    np.testing.assert_array_equal(samples_of(result.content)[~hole], samples[~hole])


def test_head_is_get_without_the_body(client):
    location = begin(client)
    result = ended(client, location)["result"]
    for path in (location, result):
        got, asked = client.get(path), client.head(path)
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["content-type"] == got.headers["content-type"]
    assert client.head(result).headers["content-length"] == got.headers["content-length"]


def test_no_two_ids_are_alike_and_none_is_in_the_log(client, caplog):
    with caplog.at_level("DEBUG"):
        locations = [begin(client) for _ in range(5)]
        for location in locations:
            client.get(ended(client, location)["result"])
            assert client.delete(location).status_code == 204
    ids = {location.rpartition("/")[2] for location in locations}
    assert len(ids) == 5
    own = [record for record in caplog.records if record.name.startswith("service")]
    told = "\n".join(str(vars(record)) for record in own)
    assert "/jobs/{id}/result" in told
    assert "'state': 'done'" in told
    assert not [job_id for job_id in ids if job_id in told]


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
@pytest.mark.parametrize("job_id", [48 * "0", "%2e%2e%2fetc", "a/b", "{id}"])
def test_an_unknown_job_is_404(client, method, job_id):
    response = client.request(method, f"/jobs/{job_id}")
    assert response.status_code in ((404, 405) if "/" in job_id else (404,))


def test_what_is_asked_of_an_unknown_job_is_answered_in_words(client):
    for path in (NOWHERE, f"{NOWHERE}/result"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:inpaint:problem:no-such-job"


def test_other_methods_are_told_which_there_are(client):
    assert client.post(NOWHERE).headers["allow"] == "DELETE, GET, HEAD"
    assert client.delete(f"{NOWHERE}/result").headers["allow"] == "GET, HEAD"


def test_a_job_that_fails_keeps_its_problem(client):
    files = {"image": FILES["image"], "mask": file_of(noise(9, 9))}
    plain = client.post("/inpaint", files=files)
    made = client.post("/inpaint", files=files, headers=ASYNC | {"X-Request-ID": "mine"})
    location = made.headers["location"]
    state = ended(client, location)
    assert state["state"] == "failed"
    assert state["result"] is None
    assert state["problem"] == plain.json() | {"request_id": "mine"}
    result = client.get(f"{location}/result")
    assert result.status_code == plain.status_code == 422
    assert result.headers["content-type"] == "application/problem+json"
    assert result.json()["detail"] == plain.json()["detail"]


class Failing(DummyEngine):
    def infer(self, images, holes):
        raise EngineError("secret")


def test_a_failing_engine_is_told_without_its_secrets():
    with client_of(Failing(SIZES)) as client:
        state = ended(client, begin(client))
        assert metric(client, 'inpaint_jobs_ended_total{outcome="failed"}') == 1
        assert metric(client, 'inpaint_problems_total{problem="inference-failed"}') == 1
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
    assert state["problem"]["status"] == 500
    assert "secret" not in str(state)


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ({"mask": FILES["mask"]}, {}, 422),
        (FILES, {"dilate": "many"}, 422),
        ({"image": b"no image"}, {}, 415),
    ],
    ids=["no image", "a field out of range", "no picture"],
)
def test_what_is_refused_at_once_makes_no_job(client, files, fields, status):
    before = jobs_in(client)
    response = client.post("/inpaint", files=files, data=fields, headers=ASYNC)
    assert response.status_code == status
    assert "preference-applied" not in response.headers
    assert jobs_in(client) == before
    wait_until_idle(client)


def test_the_client_of_a_job_may_go_away():
    engine = GatedEngine(max_batch=1)
    with client_of(engine) as client:
        with connect(client) as connection:
            request = raw_post(client, FILES).replace(b"\r\n", b"\r\nPrefer: respond-async\r\n", 1)
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(4096)
        (location,) = re.findall(rb"(?i)\r\nlocation: (\S+)\r\n", answer)
        wait_for(lambda: engine.runs == 1)
        assert client.get(location.decode()).json()["state"] == "running"
        engine.open()
        assert ended(client, location.decode())["state"] == "done"


def test_a_job_waits_like_a_request_and_tells_how_far_it_is():
    engine = GatedEngine(max_batch=1)
    coarse_first = {
        "image": file_of(noise(150, 200)),
        "mask": mask_file(box_hole(150, 200, side=120)),
    }
    with client_of(engine, workers=1, queue_size=2) as client:
        first, second = begin(client, coarse_first), begin(client)
        wait_for(lambda: client.get(first).json()["state"] == "running")
        assert client.get(second).json()["state"] == "queued"
        assert client.get(second).json()["progress"] is None
        assert int(client.get(second).headers["retry-after"]) >= 1
        early = client.get(f"{first}/result")
        assert early.status_code == 409
        assert early.json()["type"] == "urn:inpaint:problem:job-under-way"
        assert int(early.headers["retry-after"]) >= 1
        engine.gate.release()
        wait_for(lambda: (client.get(first).json()["progress"] or {}).get("done") == 1)
        assert client.get(first).json()["progress"]["total"] > 1
        assert jobs_in(client) == {"queued": 1, "running": 1, "done": 0, "failed": 0}
        engine.open()
        assert ended(client, first)["state"] == ended(client, second)["state"] == "done"


def test_a_full_queue_refuses_jobs_and_jobs_fill_the_queue():
    engine = GatedEngine()
    with client_of(engine, workers=1, queue_size=1) as client:
        locations = [begin(client) for _ in range(2)]
        for headers in (ASYNC, {}):
            response = client.post("/inpaint", files=FILES, headers=headers)
            assert response.status_code == 429
            assert int(response.headers["retry-after"]) >= 1
        engine.open()
        assert {ended(client, location)["state"] for location in locations} == {"done"}
        wait_until_idle(client)
        assert client.post("/inpaint", files=FILES).status_code == 200


def test_a_job_has_the_deadline_of_its_request():
    engine = GatedEngine()
    with client_of(engine, workers=1, deadline_s=1.0) as client:
        locations = [begin(client) for _ in range(2)]  # one at work, one in the queue
        for location in locations:
            state = ended(client, location)
            # 503 where a busy machine had used the time up before the photo was planned.
            assert state["problem"]["status"] in (503, 504)
            assert client.get(f"{location}/result").status_code == state["problem"]["status"]
        engine.open()


def test_delete_cancels_what_is_under_way():
    engine = GatedEngine(96, max_batch=1)
    with client_of(engine, workers=1, queue_size=1) as client:
        runtime = client.app.state.runtime
        first, second = begin(client, scattered(500)), begin(client)
        wait_for(lambda: engine.runs == 1)
        for location in (second, first):
            assert client.delete(location).status_code == 204
            for method in ("GET", "DELETE"):
                assert client.request(method, location).status_code == 404
            assert client.get(f"{location}/result").status_code == 404
        engine.open()
        wait_until_idle(client)
        wait_for(lambda: runtime.jobs.at_work == 0)
        assert engine.runs == 1  # the one under way
        assert runtime.networks.default.lane.waiting == 0
        assert runtime.backlog.seconds == 0
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
        assert metric(client, 'inpaint_jobs_ended_total{outcome="cancelled"}') == 2


def test_what_has_ended_is_forgotten_after_its_time():
    with client_of(job_ttl_s=0.01) as client:
        location = begin(client)
        wait_for(lambda: client.get(location).status_code == 404)
        assert client.get(f"{location}/result").status_code == 404
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
        assert metric(client, 'inpaint_jobs_ended_total{outcome="done"}') == 1


def test_only_the_key_that_made_a_job_sees_it():
    mine, other = ({"Authorization": f"Bearer {key}"} for key in ("mine", "other"))
    with client_of(api_keys="other,mine") as client:
        location = begin(client, headers=mine)
        ended(client, location, **mine)
        for path, method in (
            (location, "GET"),
            (location, "HEAD"),
            (f"{location}/result", "GET"),
            (location, "DELETE"),
        ):
            assert client.request(method, path).status_code == 401
            stranger = client.request(method, path, headers=other)
            unknown = client.request(method, path.replace(location, NOWHERE), headers=other)
            assert stranger.status_code == unknown.status_code == 404
            if method != "HEAD":
                assert stranger.json()["detail"] == unknown.json()["detail"]
        assert client.get(f"{location}/result", headers=mine).status_code == 200
        assert client.delete(location, headers=mine).status_code == 204


def test_results_that_were_fetched_make_room_and_others_do_not():
    with client_of(jobs_max=2) as client:
        kept, fetched = begin(client), begin(client)
        for location in (kept, fetched):
            ended(client, location)
        client.head(f"{kept}/result")  # that is not fetching it
        assert client.get(f"{fetched}/result").status_code == 200
        third = begin(client)
        ended(client, third)
        assert client.get(fetched).status_code == 404
        refused = client.post("/inpaint", files=FILES, headers=ASYNC)
        assert refused.status_code == 503
        assert 1 <= int(refused.headers["retry-after"]) <= 600
        assert "2 jobs" in refused.json()["detail"]
        assert client.post("/inpaint", files=FILES).status_code == 200  # without a job
        assert client.get(f"{kept}/result").status_code == 200
        assert client.delete(third).status_code == 204
        begin(client)


def test_results_take_no_more_room_than_they_may():
    side = 400  # 625 KiB are kept free for a result, of which noise takes 469
    files = {"image": file_of(noise(side, side)), "mask": mask_file(box_hole(side, side))}
    with client_of(jobs_mb=1) as client:
        first = begin(client, files)
        ended(client, first)
        taken = metric(client, "inpaint_jobs_folder_bytes")
        assert taken == len(client.post("/inpaint", files=files).content)
        refused = client.post("/inpaint", files=files, headers=ASYNC)
        assert refused.status_code == 503
        assert "1048576" in refused.json()["detail"]
        assert client.get(f"{first}/result").status_code == 200
        begin(client, files)
        assert client.get(first).status_code == 404


def test_a_result_that_turns_out_too_large_is_a_problem():
    side = 700  # noise of 1.4 MiB
    files = {"image": file_of(noise(side, side)), "mask": mask_file(box_hole(side, side))}
    with client_of(jobs_mb=1) as client:
        state = ended(client, begin(client, files))
        assert state["problem"]["status"] == 503
        assert "1048576" in state["problem"]["detail"]
        assert metric(client, "inpaint_jobs_folder_bytes") == 0


def test_without_room_for_jobs_the_preference_is_not_followed():
    with client_of(jobs_max=0) as client:
        response = client.post("/inpaint", files=FILES, headers=ASYNC)
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_is_a_problem_in_words(monkeypatch):
    full = lambda **_: FULL.open("w+b", buffering=0)  # noqa: E731
    monkeypatch.setattr("service.jobs.folder.tempfile.TemporaryFile", full)
    with client_of() as client:
        state = ended(client, begin(client))
    assert state["problem"]["status"] == 503
    assert "no room on the disk" in state["problem"]["detail"]


def test_a_folder_that_cannot_be_written_refuses_jobs_and_nothing_else(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    with client_of(jobs_folder=folder) as client:
        folder.rmdir()
        response = client.post("/inpaint", files=FILES, headers=ASYNC)
        assert response.status_code == 503
        assert "disk" in response.json()["detail"]
        assert client.post("/inpaint", files=FILES).status_code == 200


def test_a_proxys_path_is_in_front_of_a_jobs_address():
    with client_of(root_path="/inpainting") as client:
        location = begin(client)
        assert location.startswith("/inpainting/jobs/")
        assert ended(client, location)["result"] == f"{location}/result"
        assert client.get(f"{location}/result").status_code == 200


def test_a_stop_cancels_jobs_and_leaves_nothing(tmp_path):
    engine = GatedEngine(max_batch=1)
    with client_of(engine, jobs_folder=tmp_path) as client:
        begin(client)
        wait_for(lambda: engine.runs == 1)
        assert open_files(tmp_path)
        engine.open()
        client.app.state.runtime.lifecycle.drain()
        assert client.post("/inpaint", files=FILES, headers=ASYNC).status_code == 503
    assert open_files(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_thousand_jobs_leave_folder_and_memory_as_they_were(tmp_path, monkeypatch):
    """Of all kinds: fetched, deleted at once, failed, and of uploads that went to disk."""
    uploads, results = tmp_path / "uploads", tmp_path / "results"
    uploads.mkdir()
    results.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(uploads))
    tiny = {"image": file_of(noise(12, 12)), "mask": mask_file(box_hole(12, 12, 4, 4, 4))}
    broken = {"image": tiny["image"], "mask": file_of(noise(9, 9))}
    large = {"image": tiny["image"] + bytes(SPOOL_BYTES), "mask": tiny["mask"]}

    with client_of(jobs_folder=results, queue_size=100, texture="off") as client:
        # Encoded once: a thousand times that would be most of the work.
        requests = [
            client.build_request("POST", "/inpaint", files=f) for f in (tiny, broken, large)
        ]
        bodies = [(request.read(), request.headers["content-type"]) for request in requests]
        url = client.base_url

        def drop(numbers: range) -> Counter[int]:
            """Make jobs and delete them; every tenth is waited for, and its result fetched."""
            fetched: Counter[int] = Counter()
            with closing(HTTPConnection(url.host, url.port, timeout=PATIENCE_S)) as connection:

                def send(method: str, path: str, body: bytes | None = None, **headers: str):
                    connection.request(method, path, body, headers)
                    with connection.getresponse() as answer:
                        answer.read()
                        return answer

                for number in numbers:
                    body, form = bodies[2 if number % 100 == 0 else number % 20 == 10]
                    headers = {"Content-Type": form, "Prefer": "respond-async"}
                    made = send("POST", "/inpaint", body, **headers)
                    assert made.status == 202
                    job = made.headers["Location"]
                    if number % 10 == 0:
                        while (status := send("GET", f"{job}/result").status) == 409:
                            pass
                        fetched[status] += 1
                    assert send("DELETE", job).status == 204
            return fetched

        runtime = client.app.state.runtime
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(drop, [range(12), range(12)]))
            wait_until_idle(client)
            gc.collect()
            before = len(gc.get_objects())
            fetched = sum(pool.map(drop, [range(500), range(500, 1000)]), Counter())
        wait_until_idle(client)
        wait_for(lambda: runtime.jobs.at_work == 0)
        assert fetched == {200: 50, 422: 50}
        assert jobs_in(client) == {"queued": 0, "running": 0, "done": 0, "failed": 0}
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
        gc.collect()
        assert len(gc.get_objects()) < before + 1000, "an object a job, or more"
    assert [*uploads.iterdir(), *results.iterdir()] == []
    assert open_files(tmp_path) == []


def test_a_job_that_changes_nothing_of_a_crop_has_an_empty_answer(client):
    unchanged = {"image": FILES["image"], "mask": mask_file(np.zeros_like(HOLE))}
    location = begin(client, unchanged, crop="true")
    result = client.get(ended(client, location)["result"])
    assert (result.status_code, result.content) == (204, b"")
    assert result.headers["x-inpaint-crop"] == "0,0,0,0"
    assert "content-length" not in result.headers

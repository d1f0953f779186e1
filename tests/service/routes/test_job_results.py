"""Results of jobs: how long they are kept, in how much room, and what becomes of the rest."""

import gc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest

from service.http.multipart import SPOOL_BYTES
from tests.service.disk import FULL, open_files
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.routes.jobs import (
    ASYNC,
    FILES,
    begin,
    ended,
    jobs_in,
    metric,
)
from tests.service.servers import (
    PATIENCE_S,
    client_of,
    wait_for,
    wait_until_idle,
)


def test_what_has_ended_is_forgotten_after_its_time():
    with client_of(job_ttl_s=0.01) as client:
        location = begin(client)
        wait_for(lambda: client.get(location).status_code == 404)
        assert client.get(f"{location}/result").status_code == 404
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
        assert metric(client, 'inpaint_jobs_ended_total{outcome="done"}') == 1


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

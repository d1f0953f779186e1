"""Jobs under way: their place, their deadline, and how they are given up."""

import re

from tests.service.disk import open_files
from tests.service.gated import GatedEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise, scattered
from tests.service.routes.jobs import (
    ASYNC,
    FILES,
    begin,
    ended,
    jobs_in,
    metric,
)
from tests.service.servers import (
    client_of,
    connect,
    raw_post,
    wait_for,
    wait_until_idle,
)


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

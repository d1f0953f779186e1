"""Many requests at once: each gets its own answer, too many are refused, the gone are dropped."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from service.engine.dummy import DummyEngine
from service.engine.onnx import OnnxEngine
from service.engine.run_table import RunTable
from service.engine.sessions import Device
from service.http.multipart import SPOOL_BYTES
from service.ticket import Ticket
from tests.service.disk import FULL, open_files
from tests.service.engine.onnx_models import write_inverting_model
from tests.service.gated import GatedEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of, scattered
from tests.service.servers import (
    PATIENCE_S,
    SIZES,
    client_of,
    connect,
    raw_post,
    wait_for,
    wait_until_idle,
)


def files_of(seed: int, height: int = 40, width: int = 44) -> dict[str, bytes]:
    hole = box_hole(height, width, 4 + seed % 17, 3 + seed % 23, 5 + seed % 9)
    return {"image": file_of(noise(height, width, seed=seed)), "mask": mask_file(hole)}


class Batching(OnnxEngine):
    """Says that batches pay, whatever the warm-up measures of a model this small."""

    def warm_up(self, sizes=()):
        measured = super().warm_up(sizes).seconds
        return RunTable({size: {8: seconds[8]} for size, seconds in measured.items()})


@pytest.fixture(params=["dummy", "onnx"])
def engine(request, tmp_path):
    if request.param == "dummy":
        return DummyEngine(SIZES)
    return Batching(
        write_inverting_model(tmp_path / "tiny.onnx"),
        SIZES,
        device=Device(provider="cpu"),
        max_batch=8,
    )


def test_each_of_hundreds_of_answers_belongs_to_its_own_request(engine):
    requests = [files_of(seed, 30 + seed % 50, 30 + seed % 41) for seed in range(300)]
    with client_of(engine, queue_size=300, workers=8, batch_wait_ms=5) as client:

        def answer(files) -> bytes:
            response = client.post("/inpaint", files=files)
            assert response.status_code == 200, response.text
            return response.content

        alone = [answer(files) for files in requests]
        with ThreadPoolExecutor(16) as pool:
            together = list(pool.map(answer, requests))
        metrics = client.get("/metrics").text
    assert together == alone
    assert len(set(alone)) == len(alone)
    windows, runs = (
        float(line.split()[1])
        for name in ("inpaint_batch_windows_sum", "inpaint_batch_windows_count")
        for line in metrics.splitlines()
        if line.startswith(name + " ")
    )
    assert windows / runs > 1


def test_the_engine_is_never_asked_twice_at_once():
    class Alone(DummyEngine):
        inside = 0
        most = 0

        def infer(self, images, holes):
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.002)  # time for another thread to come in as well, if it could
            self.inside -= 1
            return super().infer(images, holes)

    engine = Alone(SIZES, max_batch=1)
    with client_of(engine, workers=8) as client, ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: client.post("/inpaint", files=files_of(n)), range(16))
        assert {answer.status_code for answer in answers} == {200}
    assert engine.most == 1


def test_a_full_queue_refuses_and_the_accepted_are_answered():
    engine = GatedEngine()
    with client_of(engine, workers=1, queue_size=2) as client, ThreadPoolExecutor(9) as pool:
        runtime = client.app.state.runtime
        accepted = []
        for seed in range(3):
            accepted.append(pool.submit(client.post, "/inpaint", files=files_of(seed)))
            wait_for(lambda n=seed: runtime.admission.waiting + runtime.admission.working == n + 1)
        refused = [client.post("/inpaint", files=files_of(seed)) for seed in range(5)]
        assert client.get("/health/ready").status_code == 200
        engine.open()
        answers = [request.result(PATIENCE_S) for request in accepted]
    for response in refused:
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert response.headers["content-type"] == "application/problem+json"
    assert [response.status_code for response in answers] == [200, 200, 200]


def test_the_queue_is_checked_before_the_body_is_read():
    engine = GatedEngine()
    with client_of(engine, workers=1, queue_size=0) as client, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, "/inpaint", files=files_of(0))
        wait_for(lambda: engine.runs == 1)

        head = b"POST /inpaint HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
        with connect(client) as connection:
            connection.sendall(head)
            assert connection.recv(100).startswith(b"HTTP/1.1 429")
        engine.open()
        assert busy.result(PATIENCE_S).status_code == 200


@pytest.mark.parametrize("path", ["/inpaint", "/inpaint%0A"])
def test_no_spelling_of_the_path_passes_the_queue_by(path):
    engine = GatedEngine()
    with client_of(engine, workers=1, queue_size=0) as client, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, "/inpaint", files=files_of(0))
        wait_for(lambda: engine.runs == 1)
        assert client.post(path, files=files_of(1)).status_code == 429
        engine.open()
        assert busy.result(PATIENCE_S).status_code == 200


def problem_count(client, status: str) -> float:
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("inpaint_requests_total") and f'status="{status}"' in line:
            return float(line.split()[-1])
    return 0


def test_windows_of_a_client_that_went_away_are_not_run(monkeypatch):
    engine = GatedEngine(96, max_batch=1)
    files = scattered(500)
    noticed = threading.Event()
    cancel = Ticket.cancel

    def cancel_noticed(ticket: Ticket) -> None:
        cancel(ticket)
        noticed.set()

    monkeypatch.setattr(Ticket, "cancel", cancel_noticed)
    with client_of(engine) as client:
        runtime = client.app.state.runtime
        with connect(client) as connection:
            connection.sendall(raw_post(client, files))
            wait_for(lambda: engine.runs == 1)
            assert runtime.networks.default.lane.waiting > 5
        assert noticed.wait(PATIENCE_S)
        engine.open()
        wait_for(lambda: runtime.admission.working == 0)
        assert engine.runs == 1  # the one under way
        assert runtime.networks.default.lane.waiting == 0
        assert runtime.backlog.seconds == 0
        wait_for(lambda: problem_count(client, "499") == 1)
        assert client.post("/inpaint", files=files_of(1)).status_code == 200


def test_a_client_that_goes_away_while_it_waits_gives_up_its_place():
    engine = GatedEngine()
    with client_of(engine, workers=1, queue_size=1) as client, ThreadPoolExecutor(2) as pool:
        admission = client.app.state.runtime.admission
        busy = pool.submit(client.post, "/inpaint", files=files_of(0))
        wait_for(lambda: engine.runs == 1)
        with connect(client) as connection:
            connection.sendall(raw_post(client, files_of(1)))
            wait_for(lambda: admission.waiting == 1)
        wait_for(lambda: admission.waiting == 0)
        next_one = pool.submit(client.post, "/inpaint", files=files_of(2))
        engine.open()
        assert [r.result(PATIENCE_S).status_code for r in (busy, next_one)] == [200, 200]
    assert engine.runs == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_client_that_closes_in_the_middle_of_its_upload_leaves_nothing_behind(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large = {"image": bytes(2 * SPOOL_BYTES)}
    with client_of(workers=1, queue_size=0) as client:
        with connect(client) as connection:
            connection.sendall(raw_post(client, large)[:-500])
            wait_for(lambda: open_files(tmp_path))
            assert client.app.state.runtime.admission.waiting == 1
        wait_until_idle(client)
        assert open_files(tmp_path) == []
        assert client.post("/inpaint", files=files_of(1)).status_code == 200


def test_a_client_that_closes_in_the_middle_of_its_answer_leaves_nothing_behind():
    large = {"image": file_of(noise(900, 900)), "mask": files_of(0, 900, 900)["mask"]}
    with client_of(workers=1, queue_size=0) as client:
        for _ in range(3):
            with connect(client) as connection:
                connection.sendall(raw_post(client, large))
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            wait_until_idle(client)
        assert client.post("/inpaint", files=files_of(1)).status_code == 200


def test_the_deadline_is_checked_between_windows():
    class Slow(DummyEngine):
        runs = 0

        def infer(self, images, holes):
            self.runs += 1
            time.sleep(0.1)
            return super().infer(images, holes)

    engine = Slow((96,), max_batch=1)
    files = scattered(500)
    with client_of(engine, deadline_s=0.5) as client:
        response = client.post("/inpaint", files=files)
        wait_for(lambda: client.app.state.runtime.networks.default.lane.waiting == 0)
    assert response.status_code == 504
    assert "0.5 s allowed" in response.json()["detail"]
    assert engine.runs < 10


def test_an_engine_that_hangs_is_a_deadline_passed_and_a_server_to_restart():
    engine = GatedEngine()
    with client_of(engine, deadline_s=0.2) as client:

        def hangs() -> bool:
            """On a busy machine the deadline may pass before the engine is reached."""
            assert client.post("/inpaint", files=files_of(0)).status_code == 504
            return engine.runs > 0

        wait_for(hangs)
        wait_for(lambda: client.get("/health/live").status_code == 503)
        assert client.get("/health/ready").status_code == 503
        refused = client.post("/inpaint", files=files_of(0))
        assert refused.status_code == 503
        assert "does not respond" in refused.json()["detail"]
        engine.open()
        wait_for(lambda: client.get("/health/ready").status_code == 200)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_an_upload_that_finds_the_disk_full_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: FULL.open("w+b"))
    with client_of(workers=1, queue_size=0) as client:
        response = client.post("/inpaint", files={"image": bytes(SPOOL_BYTES + 1)})
        assert response.status_code == 503
        assert response.json()["detail"] == "there is no room for the upload"
        assert int(response.headers["retry-after"]) >= 1
        wait_until_idle(client)
        assert client.post("/inpaint", files=files_of(0)).status_code == 200


def test_uploads_larger_than_the_spool_go_to_disk_and_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    samples = noise(1500, 1500)
    hole = box_hole(1500, 1500)
    with client_of() as client:
        files = {"image": file_of(samples), "mask": mask_file(hole)}
        response = client.post("/inpaint", files=files)
    assert response.status_code == 200
    result = samples_of(response.content)
    np.testing.assert_array_equal(result[~hole], samples[~hole])
    assert list(tmp_path.iterdir()) == []
    assert open_files(tmp_path) == []

"""`POST /inpaint` with `Accept: text/event-stream`."""

import base64
import json
import threading

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.http.events import HEARTBEAT
from service.ticket import Ticket
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import SIZES, client_of, wait_for, wait_until_idle

ACCEPT = {"Accept": "text/event-stream"}
HEIGHT, WIDTH = 150, 200
SAMPLES = noise(HEIGHT, WIDTH)
HOLE = box_hole(HEIGHT, WIDTH, side=120)
FILES = {"image": file_of(SAMPLES), "mask": mask_file(HOLE)}


def events_of(text: str) -> list[tuple[str, dict]]:
    """Names and data; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        if lines:
            name, data = lines
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def stream(client, files=FILES, headers=ACCEPT, **fields):
    response = client.post("/inpaint", files=files, data=fields, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    assert response.status_code == 200
    return response, events_of(response.text)


@pytest.mark.parametrize("accept", ["text/event-stream", "image/png, Text/Event-Stream;q=0.9"])
def test_progress_comes_first_and_one_result_last(client, accept):
    _, events = stream(client, headers={"Accept": accept})
    names = [name for name, _ in events]
    assert names == ["progress"] * (len(names) - 1) + ["result"]
    totals = {data["total"] for _, data in events[:-1]}
    assert len(totals) == 1
    done = [data["done"] for _, data in events[:-1]]
    assert done == sorted(set(done))
    assert done[-1] == totals.pop() > 1


@pytest.mark.parametrize("output", ["png", "webp", "jpeg"])
def test_the_result_is_the_image_of_the_other_answer(client, output):
    _, events = stream(client, format=output)
    result = events[-1][1]
    plain = client.post("/inpaint", files=FILES, data={"format": output})
    assert base64.b64decode(result["image"], validate=True) == plain.content
    assert result["media_type"] == plain.headers["content-type"]
    assert result["windows"] == int(plain.headers["x-inpaint-windows"])
    assert "infer;dur=" in result["server_timing"]


def test_an_image_of_many_pieces_is_whole(client):
    samples = noise(700, 900)  # noise does not compress: more than two pieces of base64
    hole = box_hole(700, 900)
    _, events = stream(client, {"image": file_of(samples), "mask": mask_file(hole)})
    result = samples_of(base64.b64decode(events[-1][1]["image"], validate=True))
    np.testing.assert_array_equal(result[~hole], samples[~hole])


def test_without_a_hole_there_is_a_result_and_no_progress(client):
    _, events = stream(client, {"image": FILES["image"]})
    assert [name for name, _ in events] == ["result"]
    assert events[0][1]["windows"] == 0


def test_the_stream_is_neither_kept_nor_held_back(client):
    response, _ = stream(client)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert "content-length" not in response.headers
    assert response.headers["x-request-id"]


def test_a_problem_found_on_the_way_ends_the_stream(client):
    response, events = stream(client, {"image": FILES["image"], "mask": file_of(noise(9, 9))})
    ((name, problem),) = events
    plain = client.post("/inpaint", files={"image": FILES["image"], "mask": file_of(noise(9, 9))})
    assert name == "error"
    assert problem | {"request_id": ""} == plain.json() | {"request_id": ""}
    assert problem["status"] == 422
    assert problem["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ({"mask": FILES["mask"]}, {}, 422),
        (FILES, {"dilate": "many"}, 422),
    ],
    ids=["no image", "a field out of range"],
)
def test_what_is_refused_before_is_answered_with_its_status(client, files, fields, status):
    response = client.post("/inpaint", files=files, data=fields, headers=ACCEPT)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


class Failing(DummyEngine):
    def infer(self, images, holes):
        raise EngineError("secret")


def test_a_failing_engine_is_told_without_its_secrets():
    with client_of(Failing(SIZES)) as client:
        _, events = stream(client)
        assert client.get("/health/live").status_code == 200
        wait_for(lambda: 'problem="inference-failed"} 1.0' in client.get("/metrics").text)
    ((name, problem),) = events
    assert (name, problem["status"]) == ("error", 500)
    assert "secret" not in json.dumps(problem)


class Held(DummyEngine):
    """Waits in the first window until it is let go."""

    def __init__(self, sizes) -> None:
        super().__init__(sizes, max_batch=1)
        self.entered, self.release = threading.Event(), threading.Event()

    def infer(self, images, holes):
        self.entered.set()
        assert self.release.wait(30)
        return super().infer(images, holes)


def test_heartbeats_fill_the_silence():
    engine = Held(SIZES)
    with client_of(engine, heartbeat_s=0.01) as client:
        try:
            told = b""
            with client.stream("POST", "/inpaint", files=FILES, headers=ACCEPT) as response:
                for piece in response.iter_raw():
                    told += piece
                    if told.count(HEARTBEAT) >= 3:
                        engine.release.set()
        finally:
            engine.release.set()
    assert told.count(HEARTBEAT) >= 3
    assert events_of(told.decode())[-1][0] == "result"


def noticing(cancel, noticed: threading.Event):
    def cancel_and_notice(ticket: Ticket) -> None:
        cancel(ticket)
        noticed.set()

    return cancel_and_notice


def test_a_client_that_goes_away_stops_the_work(monkeypatch):
    engine = Held(SIZES)
    noticed = threading.Event()
    monkeypatch.setattr(Ticket, "cancel", noticing(Ticket.cancel, noticed))
    with client_of(engine, heartbeat_s=0.01) as client:
        with client.stream("POST", "/inpaint", files=FILES, headers=ACCEPT) as response:
            pieces = response.iter_raw()  # the stream is closed with it
            next(pieces)
            assert engine.entered.wait(30)
        assert noticed.wait(30)
        engine.release.set()
        wait_until_idle(client)
        runs = sum(
            float(line.rpartition(" ")[2])
            for line in client.get("/metrics").text.splitlines()
            if line.startswith("inpaint_windows_total")
        )
        _, events = stream(client)
    assert runs < events[-1][1]["windows"]

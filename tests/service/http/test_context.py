import json
import logging
import re

import pytest

from service.engine.dummy import DummyEngine
from service.operation.logs import JsonFormatter, TextFormatter
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import SIZES, client_of, wait_for, wait_until_idle

FILES = {"image": file_of(noise(40, 40)), "mask": mask_file(box_hole(40, 40))}


@pytest.mark.parametrize("given", ["abc", "A.b_c-9", "x" * 64])
def test_a_harmless_request_id_is_kept(client, given):
    assert client.get("/model", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "é".encode("latin-1"), "a\tb"])
def test_any_other_request_id_is_replaced(client, given):
    answered = client.get("/model", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/inpaint", 405), ("DELETE", "/model", 405)],
)
def test_errors_of_the_framework_are_problems(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "request_id"}
    assert problem["status"] == status
    assert problem["instance"] == path
    assert problem["type"].startswith("urn:inpaint:problem:")
    assert problem["request_id"] == response.headers["x-request-id"]


def test_a_wrong_method_lists_the_right_ones(client):
    assert client.get("/inpaint").headers["allow"] == "POST"


def line_of(request_id: str, caplog) -> logging.LogRecord:
    """The one line about a request, which is written after its answer has been sent."""

    def lines() -> list[logging.LogRecord]:
        return [r for r in caplog.records if getattr(r, "request_id", "") == request_id]

    wait_for(lambda: lines())
    (line,) = lines()
    return line


def test_one_line_is_logged_for_a_request(client, caplog):
    caplog.set_level(logging.INFO, "service.requests")
    client.post("/inpaint", files=FILES, headers={"X-Request-ID": "the-one"})
    line = line_of("the-one", caplog)
    logged = json.loads(JsonFormatter().format(line))
    assert logged["status"] == 200
    assert logged["path"] == "/inpaint"
    assert logged["windows"] >= 1
    assert {"decode", "mask", "plan", "queue", "infer", "encode"} <= logged["steps_ms"].keys()
    assert "request_id=the-one" in TextFormatter().format(line)


def test_probes_are_not_logged(client, caplog):
    caplog.set_level(logging.INFO, "service.requests")
    client.get("/health/live", headers={"X-Request-ID": "a-probe"})
    client.get("/model", headers={"X-Request-ID": "no-probe"})
    line_of("no-probe", caplog)  # what a server logs it logs in order
    assert "a-probe" not in [getattr(r, "request_id", "") for r in caplog.records]


class Failing(DummyEngine):
    def infer(self, images, holes):
        raise RuntimeError("/secret/path of the inside")


def test_a_failure_says_nothing_of_the_inside(caplog):
    with client_of(Failing(SIZES)) as client:
        response = client.post("/inpaint", files=FILES)
        wait_for(lambda: 'problem="inference-failed"} 1.0' in client.get("/metrics").text)
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    assert "secret" in caplog.text


def test_an_unforeseen_error_is_a_problem_too(monkeypatch, caplog):
    def broken(self, work, network):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("service.pipeline.Pipeline.run", broken)
    with client_of() as client:
        response = client.post("/inpaint", files=FILES)
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == response.json()["request_id"]
    assert "secret" not in response.text
    assert "ZeroDivisionError" in caplog.text


def metric(text: str, sample: str) -> float:
    (value,) = re.findall(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(value)


def test_metrics_count_requests_steps_and_windows():
    with client_of() as client:
        for _ in range(3):
            client.post("/inpaint", files=FILES)
        client.get("/made/up/path")
        wait_until_idle(client)
        # The lane counts a run when those who waited for it have gone on.
        wait_for(lambda: metric(client.get("/metrics").text, "inpaint_batch_windows_count") >= 3)
        text = client.get("/metrics").text
    assert metric(text, 'inpaint_requests_total{route="/inpaint",status="200"}') == 3
    assert metric(text, 'inpaint_requests_total{route="other",status="404"}') == 1
    assert metric(text, 'inpaint_step_duration_seconds_count{step="decode"}') == 3
    assert metric(text, "inpaint_queue_depth") == 0
    assert metric(text, "inpaint_working") == 0
    assert metric(text, "inpaint_backlog_seconds") == 0
    assert metric(text, "inpaint_ready") == 1
    assert 'inpaint_model_info{model="dummy",name="dummy"' in text
    assert "made" not in text


def test_metrics_can_be_turned_off():
    with client_of(metrics=False) as client:
        assert client.get("/metrics").status_code == 404


def test_a_made_up_path_cannot_forge_a_line_of_the_log(client, caplog):
    with caplog.at_level(logging.INFO, "service.requests"):
        client.get("/x%0AINFO forged", headers={"X-Request-ID": "forger"})
        record = line_of("forger", caplog)
    for formatter in (TextFormatter(), JsonFormatter()):
        assert len(formatter.format(record).splitlines()) == 1

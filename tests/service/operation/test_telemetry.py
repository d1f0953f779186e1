import pytest

import service.operation.telemetry
from service.app import create_app
from service.engine.dummy import DummyEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import SIZES, client_of, settings_of, wait_for

FILES = {"image": file_of(noise(40, 40)), "mask": mask_file(box_hole(40, 40))}


@pytest.fixture
def exporter(monkeypatch):
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    monkeypatch.setattr(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter.OTLPSpanExporter", lambda: exporter
    )
    return exporter


def span_of(client, exporter):
    provider = client.app.state.tracer_provider
    # A span ends after the answer that it is about.
    wait_for(lambda: provider.force_flush() and exporter.get_finished_spans())
    (span,) = exporter.get_finished_spans()
    return span


def test_a_request_is_a_span_with_its_steps(exporter):
    with client_of(otel=True) as client:
        answer = client.post("/inpaint", files=FILES)
        span = span_of(client, exporter)
    assert answer.status_code == 200
    assert span.attributes["inpaint.request_id"] == answer.headers["x-request-id"]
    assert span.attributes["inpaint.windows"] >= 1
    assert span.attributes["inpaint.decode_ms"] > 0


def test_a_span_does_not_tell_the_id_of_a_job(exporter):
    with client_of(otel=True) as client:
        assert client.get("/jobs/secret-id?x=1").status_code == 404
        span = span_of(client, exporter)
    assert span.name.endswith("/jobs/{id}")
    assert any("/jobs/{id}" in str(value) for value in span.attributes.values())
    assert "secret-id" not in span.to_json()


def test_traces_without_the_extra_fail_at_start_in_words(monkeypatch):
    monkeypatch.setattr(service.operation.telemetry, "NEEDED", ("opentelemetry.nothing.at_all",))
    with pytest.raises(service.operation.telemetry.TelemetryError, match="extra `otel`"):
        create_app(settings_of(otel=True), DummyEngine(SIZES))

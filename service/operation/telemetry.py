"""OpenTelemetry traces, where the extra `otel` is installed and `INPAINT_OTEL` is set.

Where the traces go is said by OpenTelemetry's own variables, such as
`OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_SERVICE_NAME`.
"""

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.record import SCOPE_KEY, Record

if TYPE_CHECKING:
    from opentelemetry.trace import Span

NEEDED = (
    "opentelemetry.sdk",
    "opentelemetry.instrumentation.asgi",
    "opentelemetry.exporter.otlp.proto.http",
)

JOB = re.compile(r"(/jobs/)[^/?\s]+")


class TelemetryError(RuntimeError):
    """Traces were asked for and cannot be made."""


def install_telemetry(app: FastAPI) -> None:
    """Trace every request of an app, with the timings of its steps as attributes.

    Raises:
        TelemetryError: the extra `otel` is not installed.
    """
    if not all(map(_installed, NEEDED)):
        raise TelemetryError("INPAINT_OTEL is set, but the extra `otel` is not installed")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource.create({SERVICE_NAME: "inpaint"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    app.state.tracer_provider = provider
    app.add_middleware(StepAttributes)
    app.add_middleware(
        OpenTelemetryMiddleware,
        tracer_provider=provider,
        excluded_urls="/health/.*",
        exclude_spans=["receive", "send"],
        server_request_hook=hide_job,
    )


def hide_job(span: "Span", _: dict[str, Any]) -> None:
    """Take the id of a job off a span: whoever knows it may have the result."""
    from opentelemetry.sdk.trace import ReadableSpan

    if not isinstance(span, ReadableSpan):  # one that is not recorded
        return
    span.update_name(_without_job(span.name))
    for name, value in (span.attributes or {}).items():
        if isinstance(value, str):
            span.set_attribute(name, _without_job(value))


def _without_job(text: str) -> str:
    return JOB.sub(r"\1{id}", text)


class StepAttributes:
    """Puts a request's id, timings and windows on the span around it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        from opentelemetry import trace

        async def send_and_describe(message: Message) -> None:
            record: Record | None = scope.get(SCOPE_KEY)
            # The span ends with the answer's last byte, so it is described at its first.
            if message["type"] == "http.response.start" and record is not None:
                span = trace.get_current_span()
                span.set_attribute("inpaint.request_id", record.request_id)
                span.set_attribute("inpaint.windows", record.windows)
                for step, seconds in record.timings.seconds.items():
                    span.set_attribute(f"inpaint.{step}_ms", seconds * 1e3)
            await send(message)

        await self._app(scope, receive, send_and_describe)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False

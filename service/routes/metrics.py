"""`GET /metrics` for Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from service.runtime import Runtime

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics",
    summary="Metrics in Prometheus' text format",
    response_class=Response,
    responses={
        200: {
            "description": "Requests, durations by step, queue, batches, windows, model",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": 'inpaint_requests_total{route="/inpaint",status="200"} 42.0\n',
                }
            },
        }
    },
)
async def metrics(request: Request) -> Response:
    """Everything is prefixed `inpaint_`."""
    runtime: Runtime = request.app.state.runtime
    return Response(runtime.metrics.render(), media_type=CONTENT_TYPE_LATEST)

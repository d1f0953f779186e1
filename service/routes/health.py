"""`GET /health/live` and `GET /health/ready`, for whoever keeps the service running."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.errors import Unavailable
from service.http.openapi import problem_responses
from service.runtime import Runtime

router = APIRouter(prefix="/health", tags=["operation"])


class Live(BaseModel):
    """The process answers and its engine is not stuck."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Requests are taken."""

    status: Literal["ready"] = "ready"
    provider: str = Field(description="what computes", examples=["CPUExecutionProvider"])


@router.get("/live", summary="Is the process alive?", responses=problem_responses(503))
async def live(request: Request) -> Live:
    """If not, only a restart helps: a run of the engine has taken longer than any request may."""
    runtime: Runtime = request.app.state.runtime
    if runtime.lifecycle.stuck:
        raise Unavailable("the model does not respond; restart the service", retry_after_s=60)
    return Live()


@router.get("/ready", summary="Are requests taken?", responses=problem_responses(503))
async def ready(request: Request) -> Ready:
    """Yes from the end of the warm-up to the beginning of a stop."""
    runtime: Runtime = request.app.state.runtime
    runtime.lifecycle.check_accepting()
    return Ready(provider=runtime.networks.default.info.provider)

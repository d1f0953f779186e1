"""The service as a deployment of Ray Serve: `serve run service.ray.serve:build max_replicas=4`.

Each replica is an actor with the same application as `python -m service serve`, behind Ray's
proxies instead of uvicorn. docs/ray.md says what that changes.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.app import create_app
from service.engine.base import Engine, EngineError
from service.operation.allocator import return_unused, tune_allocator
from service.operation.lifecycle import Lifecycle
from service.operation.logs import configure_logging
from service.settings import Settings

NAME = "inpaint"
ASIDE = 8
"""Requests to a replica that need no place in its queue: health, `/model`, the page."""

ARRIVING = 100
"""Requests that a proxy may hold while it looks for a replica, or while there is none."""

RETRY_AFTER_S = 5
LOOK_S = 0.05  # between looks at the warm-up


class Arguments(BaseModel):
    """What `serve run` takes behind the name, and a Serve config file under `args`."""

    model_config = ConfigDict(extra="forbid")

    num_cpus: float = Field(default=1, gt=0, description="CPUs of a replica; so many threads")
    num_gpus: float = Field(
        default=0, ge=0, le=1, description="of a GPU that a replica takes, such as 0.5"
    )
    min_replicas: int = Field(default=1, ge=0, description="replicas that are always there")
    max_replicas: int = Field(default=1, ge=1, description="most replicas that load makes")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"min_replicas is {self.min_replicas}, max_replicas {self.max_replicas}"
            )
        return self


def build(arguments: Arguments) -> Any:
    """The `ray.serve.Application`. Settings are read here and hold for all replicas.

    Raises:
        ImportError: Ray is not installed.
        ValueError: settings and arguments contradict each other, or make no sense.
    """
    try:
        from ray import serve
    except ImportError as error:
        raise ImportError("Ray is missing; the extra `ray` of this package brings it") from error
    settings = replica_settings(Settings(), arguments)

    def make_app() -> FastAPI:
        configure_logging(settings.log_level, settings.log_format)
        tune_allocator()
        app = replica_app(settings)
        return_unused()
        return app

    class Inpaint:
        def check_health(self) -> None:
            """Asked by Ray, which replaces a replica that fails."""
            check_alive(self.app.state.runtime.lifecycle)  # type: ignore[attr-defined]

    deployment = serve.deployment(**deployment_options(settings, arguments))
    return deployment(serve.ingress(make_app)(Inpaint)).bind()


def replica_settings(settings: Settings, arguments: Arguments) -> Settings:
    """The settings of a replica. Ray counts CPUs and GPUs, but confines nobody to them.

    Raises:
        ValueError: a GPU is asked for that the settings do not use.
    """
    gpu, provider = arguments.num_gpus > 0, settings.provider
    if gpu and provider == "cpu":
        raise ValueError(f"num_gpus is {arguments.num_gpus:g}, but INPAINT_PROVIDER is cpu")
    if not gpu and provider in ("cuda", "tensorrt"):
        raise ValueError(f"INPAINT_PROVIDER is {provider}, but num_gpus is 0")
    if provider == "auto":
        provider = "cuda" if gpu else "cpu"
    threads = settings.threads or math.ceil(arguments.num_cpus)
    changes: dict[str, Any] = {
        "provider": provider,
        "threads": threads,
        "workers": settings.workers or 2 * threads,
        # A job lies in the replica that made it, and Ray may ask any for it.
        "jobs_max": settings.jobs_max if arguments.max_replicas == 1 else 0,
    }
    return settings.model_copy(update=changes)


def deployment_options(settings: Settings, arguments: Arguments) -> dict[str, Any]:
    """Options of `ray.serve.deployment`.

    A replica takes a few more requests than have a place in its queue, so that it is the replica
    that refuses what is too much, in the words of the HTTP interface. Ray's own queue is for
    those that have just come, and for the time in which there is no replica.

    Args:
        settings: From `replica_settings`.
        arguments: How many replicas of what size.
    """
    places = settings.worker_count + settings.queue_size
    return {
        "name": NAME,
        "ray_actor_options": {"num_cpus": arguments.num_cpus, "num_gpus": arguments.num_gpus},
        "autoscaling_config": {
            "min_replicas": arguments.min_replicas,
            "max_replicas": arguments.max_replicas,
            "target_ongoing_requests": settings.worker_count,  # more of them wait
        },
        "max_ongoing_requests": places + ASIDE,
        "max_queued_requests": ARRIVING,
        "backpressure_config": {"status_code": 503, "retry_after_s": RETRY_AFTER_S},
        "graceful_shutdown_timeout_s": settings.grace_s,
    }


def replica_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The application of a replica. Its start-up lasts until the engine is warm.

    Raises:
        EngineError: the engine cannot be built.
    """
    failures: list[str] = []
    app = create_app(settings, engine, on_fatal=failures.append)
    started = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with started(app):
            await _warm(app.state.runtime.lifecycle, failures)
            yield

    app.router.lifespan_context = lifespan
    app.add_middleware(OneRequestId)
    return app


async def _warm(lifecycle: Lifecycle, failures: Sequence[str]) -> None:
    while not lifecycle.ready:
        if failures:
            raise EngineError(failures[0])
        await asyncio.sleep(LOOK_S)


def check_alive(lifecycle: Lifecycle) -> None:
    """Check what only another process helps against.

    Raises:
        RuntimeError: the engine hangs.
    """
    if lifecycle.stuck:
        raise RuntimeError("the model does not respond")


class OneRequestId:
    """Middleware: leaves `X-Request-ID` out where Ray's proxy will say the same."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id")

        async def send_without(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("x-request-id") == given:
                    del headers["x-request-id"]
            await send(message)

        await self._app(scope, receive, send_without)

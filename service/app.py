"""The app factory: settings and an engine in, an ASGI application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import get_args

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from service.engine.base import Engine
from service.engine.build import build_engine
from service.errors import slugs
from service.http.context import RequestContext
from service.http.gate import AdmissionGate
from service.http.guard import KeyGuard, OriginGuard
from service.http.head import HeadAsGet
from service.http.limits import BodyLimit
from service.http.linger import Linger
from service.http.openapi import install_openapi
from service.http.problems import Shapes, install_problem_handlers
from service.operation.telemetry import install_telemetry
from service.routes import (
    docs,
    health,
    inpaint,
    iopaint,
    jobs,
    metrics,
    model,
    openai,
    page,
    socket,
)
from service.runtime import Build, OnFatal, Runtime
from service.settings import Settings
from service.texturing import TextureOutcome

TITLE = "Inpainting with partial convolutions"
DESCRIPTION = (
    "Fills the holes of photos with the partial-convolution U-Net of Liu et al. (2018). "
    "Errors are `application/problem+json` (RFC 9457)."
)
INFERENCE_PATHS = (inpaint.PATH, openai.PATH, iopaint.PATH)
EXPOSED_HEADERS = (
    "X-Request-ID",
    "Retry-After",
    "Location",
    "Preference-Applied",
    "Server-Timing",
    "X-Inpaint-Windows",
    "X-Inpaint-Texture",
    "X-Inpaint-Model",
    "X-Inpaint-Crop",
    "X-Inpaint-Size",
)


def create_app(
    settings: Settings | None = None,
    engine: Engine | None = None,
    on_fatal: OnFatal | None = None,
    build: Build | None = None,
) -> FastAPI:
    """Build the application. It takes requests once its engine is warm.

    Args:
        settings: From the environment if not given.
        engine: Of the default network; built from the settings if not given. The app closes it
            when it stops.
        on_fatal: Told in words when the engine cannot be warmed up.
        build: Builds the engines of the other networks; from the settings if not given.

    Raises:
        EngineError: the engine that the settings ask for cannot be built, or the networks cannot
            be told apart by name.
        TelemetryError: traces are asked for and the extra `otel` is not installed.
    """
    settings = settings or Settings()
    runtime = Runtime(settings, engine or build_engine(settings, measure=True), on_fatal, build)
    runtime.metrics.count_from_zero(INFERENCE_PATHS, slugs(), get_args(TextureOutcome))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()
            if settings.otel:
                app.state.tracer_provider.shutdown()

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    app.state.shapes = Shapes()
    for other in (openai, iopaint):
        app.state.shapes.register(other.PREFIX, other.error_shape)
    _add_routes(app, settings)
    install_problem_handlers(app)
    install_openapi(app)
    app.state.paths = frozenset({*app.openapi()["paths"], docs.PATH, page.PATH, socket.PATH})
    _add_middleware(app, runtime)
    if settings.otel:
        install_telemetry(app)
    return app


def _add_routes(app: FastAPI, settings: Settings) -> None:
    for module in (inpaint, jobs, openai, iopaint, socket, health, model, docs, page):
        app.include_router(module.router)
    if settings.metrics:
        app.include_router(metrics.router)
    docs.mount_assets(app)
    page.mount_files(app)


def _add_middleware(app: FastAPI, runtime: Runtime) -> None:
    """The last one added is the first that a request meets."""
    settings = runtime.settings
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        AdmissionGate,
        admission=runtime.admission,
        lifecycle=runtime.lifecycle,
        allowances=runtime.allowances,
        paths=INFERENCE_PATHS,
        idle_s=settings.upload_idle_s,
    )
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, idle_s=settings.upload_idle_s)
    app.add_middleware(KeyGuard, keys=settings.keys)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(
        OriginGuard, origins=settings.cors_origins, trust_forwarded=settings.trust_forwarded
    )
    app.add_middleware(Linger)
    app.add_middleware(
        RequestContext,
        metrics=runtime.metrics,
        deadline_s=settings.deadline_s,
        root_path=settings.root_path,
    )


def _version() -> str:
    try:
        return version("pconv-inpainting")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"

"""Servers for tests, each on a real socket of this machine."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from service.app import create_app
from service.engine.base import Engine
from service.engine.dummy import DummyEngine
from service.http.connections import connections_of
from service.runtime import Build, OnFatal
from service.settings import Settings

SIZES = (32, 64)
PATIENCE_S = 30


def settings_of(**values: Any) -> Settings:
    """Settings that the environment of the tests does not change."""
    defaults: dict[str, Any] = {name: f.default for name, f in Settings.model_fields.items()}
    defaults |= {"engine": "dummy", "window_sizes": SIZES, "workers": 4, "drain_delay_s": 0}
    return Settings(**(defaults | values))


@contextmanager
def client_of(
    engine: Engine | None = None,
    /,
    *,
    wait: bool = True,
    on_fatal: OnFatal | None = None,
    build: Build | None = None,
    **values: Any,
) -> Iterator[httpx.Client]:
    """A client of a server of its own, warmed up.

    `client.app` is the application, `client.app.state.server` uvicorn's server.
    """
    settings = settings_of(**values)
    app = create_app(settings, engine or DummyEngine(SIZES), on_fatal, build)
    http = connections_of(settings.upload_idle_s)
    config = uvicorn.Config(app, port=0, http=http, log_config=None, lifespan="on", ws="none")
    server = app.state.server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended before it had started"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=base, timeout=PATIENCE_S, trust_env=False) as client:
            client.app = app  # type: ignore[attr-defined]
            if wait:
                wait_until_ready(client)
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def wait_until_ready(client: httpx.Client) -> None:
    """Wait for the end of the warm-up, which a busy machine takes long for."""
    wait_for(lambda: client.get("/health/ready").status_code == 200, 4 * PATIENCE_S)


def wait_for(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until something has happened; fails when it does not."""
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def wait_until_idle(client) -> None:
    """Wait until every place is free again, which is so only after an answer has been sent."""
    admission = client.app.state.runtime.admission
    wait_for(lambda: admission.waiting + admission.working == 0)


def connect(client) -> socket.socket:
    url = client.base_url
    return socket.create_connection((url.host, url.port), PATIENCE_S)


def raw_post(client, files) -> bytes:
    """The bytes of a whole request."""
    request = client.build_request("POST", "/inpaint", files=files)
    lines = [b"POST /inpaint HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.read()

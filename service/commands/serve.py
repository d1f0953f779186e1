"""`python -m service serve`: answer over HTTP until told to stop."""

import argparse
import logging
import sys
from collections.abc import Sequence
from types import FrameType

import uvicorn
from pydantic import ValidationError

from service.app import create_app
from service.engine.base import EngineError, in_full
from service.engine.build import build_engine
from service.environment import PREFIX
from service.http.connections import connections_of
from service.http.problems import describe_errors
from service.networks.catalogue import check_there
from service.operation.allocator import return_unused, tune_allocator
from service.operation.drain import Drain
from service.operation.lifecycle import Lifecycle
from service.operation.logs import configure_logging
from service.operation.telemetry import TelemetryError
from service.settings import Settings

EXIT_SETTINGS = 2
EXIT_ENGINE = 3

logger = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """A server that is seen as draining before it closes its listeners.

    A balancer learns from readiness that it should send requests elsewhere. Uvicorn alone closes
    the listeners at once, and requests that the balancer sends meanwhile are lost.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain: Drain) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain = drain
        self.fatal: str | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal turns readiness and closes the listeners when the drain is over.

        A second one closes them at once, a third one gives up on requests under way.
        """
        if self.should_exit:
            self.force_exit = True
        elif self._lifecycle.draining:
            self.should_exit = True
        else:
            self._lifecycle.drain()
            self._drain.begin()
            logger.info("draining", extra={"signal": sig, "still_listening_s": self._drain.delay_s})

    async def on_tick(self, counter: int) -> bool:
        """Called again and again: whether to close the listeners."""
        if self._drain.is_over():
            self.should_exit = True
        if self.should_exit:
            self.config.timeout_graceful_shutdown = max(1, round(self._drain.left_s))
        return await super().on_tick(counter)

    def fail(self, reason: str) -> None:
        """Stop because the service can never become ready."""
        self.fatal = reason
        self.should_exit = True


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m service serve",
        description="Serve over HTTP. Settings come from the environment: see "
        "`python -m service --help`; the options below override two of them.",
    )
    parser.add_argument("--host", help=f"address to listen on ({PREFIX}HOST)")
    parser.add_argument("--port", type=int, help=f"port to listen on ({PREFIX}PORT)")
    given = vars(parser.parse_args(argv)).items()
    options = {name: value for name, value in given if value is not None}
    try:
        settings = Settings(**options)
    except ValidationError as error:
        return _complain(f"settings ({PREFIX}*): {describe_errors(error.errors())}", EXIT_SETTINGS)
    configure_logging(settings.log_level, settings.log_format)
    tune_allocator()
    try:
        return _serve(settings)
    except EngineError as error:
        return _complain(in_full(error), EXIT_ENGINE)
    except TelemetryError as error:
        return _complain(str(error), EXIT_SETTINGS)


def _serve(settings: Settings) -> int:
    servers: list[DrainingServer] = []
    check_there(settings)
    engine = build_engine(settings, measure=True)
    return_unused()  # what a precision took that lost
    app = create_app(settings, engine, on_fatal=lambda reason: servers[0].fail(reason))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        http=connections_of(settings.upload_idle_s),
        ws="none",
    )
    runtime = app.state.runtime
    drain = Drain(lambda: runtime.jobs.at_work, settings.drain_delay_s, settings.grace_s)
    server = DrainingServer(config, runtime.lifecycle, drain)
    servers.append(server)
    server.run()
    if server.fatal:
        return _complain(server.fatal, EXIT_ENGINE)
    return 0


def _complain(reason: str, exit_code: int) -> int:
    print(f"cannot serve: {reason}", file=sys.stderr)
    return exit_code

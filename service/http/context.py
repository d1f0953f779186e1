"""The outermost middleware: a request's id, its record, its log line, its metrics."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ClientGone, ServiceError
from service.http.problems import problem_response
from service.http.routing import route_path
from service.operation.metrics import Metrics
from service.record import SCOPE_KEY, Record
from service.ticket import Ticket

logger = logging.getLogger("service.requests")

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_CLOSED = 499  # nginx's word for a client that went away before it was answered


class RequestContext:
    """Gives every request a `Record` and accounts for it when it ends.

    An incoming `X-Request-ID` is kept if it is harmless in a log. Errors that no handler knows
    become a problem with status 500 that says nothing of the inside; the log says everything.
    """

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, deadline_s: float, root_path: str = ""
    ) -> None:
        self._app = app
        self._root_path = root_path
        self._metrics = metrics
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Routes are found whether or not the proxy cuts this prefix off the path.
        scope["root_path"] = self._root_path or scope.get("root_path", "")
        record = Record(
            request_id(Headers(scope=scope)), route_path(scope), Ticket(self._deadline_s)
        )
        scope[SCOPE_KEY] = record
        status = CLIENT_CLOSED

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = record.request_id
            await send(message)

        start = time.perf_counter()
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, send_with_id)
            except ClientGone:
                pass  # nobody is left to be answered; the log says 499
            except Exception:
                logger.exception("request failed", extra={"request_id": record.request_id})
                if status != CLIENT_CLOSED:
                    raise  # the answer has begun: only closing the connection can tell
                failure = ServiceError("the service failed on this request; its log says why")
                await problem_response(scope, failure)(scope, receive, send_with_id)
            finally:
                self._account(scope, record, status, time.perf_counter() - start)

    def _account(self, scope: Scope, record: Record, status: int, seconds: float) -> None:
        route = self._metrics.observe_request(scope, record, status, seconds)
        level = logging.DEBUG if route.startswith("/health") else logging.INFO
        fields: dict[str, object] = {
            "request_id": record.request_id,
            "method": scope["method"],
            "path": record.route,
            "status": status,
            "duration_ms": round(seconds * 1e3, 2),
        }
        logger.log(level, "request", extra=fields | record.told())


def request_id(headers: Headers) -> str:
    """The client's id of a request where it is harmless, or a new one."""
    given = headers.get("x-request-id", "")
    return given if ACCEPTED_ID.fullmatch(given) else uuid.uuid4().hex

"""How large a body may be and how slowly it may come, counted while it streams."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyTooLarge, UploadStalled
from service.http.problems import problem_response
from service.record import Record, record_of


class BodyLimit:
    """Counts a body's bytes, whether or not `Content-Length` announces them, and times it.

    What it raises comes out of the application's `receive`, so that a form's parser stops at once
    and the application's handlers answer:
        BodyTooLarge: more than `max_bytes`.
        UploadStalled: no byte for `idle_s` seconds.
        DeadlinePassed: the upload alone took all of the request's time.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, idle_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._idle_s = idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            await problem_response(scope, self._too_large())(scope, receive, send)
            return
        record = record_of(scope)
        received = 0
        complete = False

        async def receive_counted() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()  # what is left to come is the client's going away
            message = await self._receive_in_time(receive, record)
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if received > self._max_bytes:
                    raise self._too_large()
            return message

        await self._app(scope, receive_counted, send)

    async def _receive_in_time(self, receive: Receive, record: Record) -> Message:
        remaining_s = record.ticket.remaining_s
        try:
            async with asyncio.timeout(min(self._idle_s, remaining_s)):
                return await receive()
        except TimeoutError:
            if remaining_s <= self._idle_s:
                raise record.ticket.passed() from None
            raise UploadStalled(f"no byte of the body came for {self._idle_s:g} s") from None

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body is larger than {self._max_bytes} bytes")

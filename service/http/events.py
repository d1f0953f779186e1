"""Server-sent events: a request reports how far it is and ends with its result or its problem.

An event is a name and one line of JSON (https://html.spec.whatwg.org/multipage/#server-sent-events).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import ClientGone, ServiceError
from service.http.problems import problem_of

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b": still at it\n\n"


def accepts_events(headers: Headers) -> bool:
    """Whether a client asks for a stream of events by naming its type in `Accept`."""
    kinds = (
        part.partition(";")[0].strip().lower() for part in headers.get("accept", "").split(",")
    )
    return MEDIA_TYPE in kinds


def event(name: str, data: Any) -> bytes:
    """One event with its data as JSON."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


class Events:
    """What the work tells the stream while it goes on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def begin(self) -> None:
        """From here on the client is answered by events, errors included."""
        self._queue.put_nowait(b": at work\n\n")

    def progress(self, done: int, total: int) -> None:
        """Tell how many windows of how many are done. May be called from any thread."""
        data = event("progress", {"done": done, "total": total})
        self._loop.call_soon_threadsafe(self._queue.put_nowait, data)

    def end(self) -> None:
        """Nothing more will be told."""
        self._queue.put_nowait(None)

    async def next(self, heartbeat_s: float | None = None) -> bytes | None:
        """The next thing to send: an event, a heartbeat if none came in time, None at the end."""
        try:
            async with asyncio.timeout(heartbeat_s):
                return await self._queue.get()
        except TimeoutError:
            return HEARTBEAT


Work = Callable[[Events], Awaitable[Iterator[bytes]]]
"""Does the work, calls `begin` once its form has been read, returns the event that ends it."""


class EventResponse(Response):
    """Answers with events once the work has begun.

    What the work raises before it has begun is raised here, and answered as on any other route.
    Afterwards a `ServiceError` becomes an event named `error`.

    Args:
        work: What is to be done.
        heartbeat_s: Seconds of silence after which a sign of life is sent, so that neither a proxy
            nor the client takes the connection for dead.
    """

    media_type = MEDIA_TYPE

    def __init__(self, work: Work, heartbeat_s: float) -> None:
        # X-Accel-Buffering tells nginx to pass events on as they come.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._work = work
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        events = Events()
        task = asyncio.ensure_future(self._work(events))
        task.add_done_callback(lambda _: events.end())
        try:
            if (first := await events.next()) is None:
                task.result()  # raises why the work was refused
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            told = first
            while told is not None:
                await _send_body(send, told)
                told = await events.next(self._heartbeat_s)
            await self._send_ending(task, scope, send)
        finally:
            task.cancel()

    async def _send_ending(
        self, task: asyncio.Future[Iterator[bytes]], scope: Scope, send: Send
    ) -> None:
        try:
            for chunk in task.result():
                await _send_body(send, chunk)
        except ServiceError as error:
            await _send_body(send, event("error", problem_of(scope, error).model_dump()))
        except ClientGone:
            raise
        except Exception:
            failure = ServiceError("the service failed on this request; its log says why")
            await _send_body(send, event("error", problem_of(scope, failure).model_dump()))
            raise
        finally:
            await _send_body(send, b"", more=False)


async def _send_body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})

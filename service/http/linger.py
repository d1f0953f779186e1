"""Answers given before a body has been read still reach the client.

A server that refuses an upload and closes the connection resets it under a client that is still
sending, and the client never sees why. So the answer is sent in full at once, the rest of the body
is thrown away for a moment, and only then the exchange ends (the lingering close of web servers).
"""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_BYTES = 16 * 2**20
LINGER_S = 2.0


class Linger:
    """Throws away what is left of a body, within limits, before an early answer ends.

    A body that is short and announced is read to its end and the connection lives on; after any
    other it is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        unread = True

        async def receive_watched() -> Message:
            nonlocal unread
            message = await receive()
            unread = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def send_lingering(message: Message) -> None:
            if not unread:
                await send(message)
            elif message["type"] == "http.response.start":
                if not _is_short(Headers(scope=scope)):
                    MutableHeaders(scope=message)["Connection"] = "close"
                await send(message)
            elif message.get("more_body", False):
                await send(message)
            else:
                await send({**message, "more_body": True})
                await _discard(receive)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, receive_watched, send_lingering)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_short(headers: Headers) -> bool:
    length = headers.get("content-length", "")
    return length.isdecimal() and int(length) <= LINGER_BYTES


async def _discard(receive: Receive) -> None:
    discarded = 0
    try:
        async with asyncio.timeout(LINGER_S):
            while discarded <= LINGER_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                discarded += len(message.get("body", b""))
    except TimeoutError:
        return  # the client had its chance to read the answer

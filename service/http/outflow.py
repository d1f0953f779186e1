"""Answers that nobody reads are given up, so that they hold no place for ever."""

import asyncio
from collections.abc import Iterator

from starlette.types import Message, Send

from service.errors import ClientGone

# A client that reads 4 KiB a second has read this much within the default of 20 s.
PIECE_BYTES = 64 * 1024


def sending_within(send: Send, idle_s: float) -> Send:
    """A `send` that takes a client for gone when it reads nothing for `idle_s` seconds.

    A server waits with the next part of an answer until the client has read of the last ones. The
    parts of a stream are passed on in small pieces, so that a slow reader is seen to read. An
    answer that comes in one part is passed on at once: its place is free then, and the connection
    watches over the rest. What is returned raises `ClientGone`, then and at every later call.
    """
    stalled = False

    async def send_in_time(message: Message) -> None:
        nonlocal stalled
        if stalled:
            raise ClientGone
        try:
            for piece in _pieces(message):
                async with asyncio.timeout(idle_s):
                    await send(piece)
        except TimeoutError as error:
            stalled = True
            raise ClientGone from error

    return send_in_time


def _pieces(message: Message) -> Iterator[Message]:
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES or not message.get("more_body", False):
        yield message
        return
    for start in range(0, len(body), PIECE_BYTES):
        yield {**message, "body": body[start : start + PIECE_BYTES]}

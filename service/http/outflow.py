"""Answers that nobody reads are given up, so that they hold no place for ever."""

import asyncio

from starlette.types import Message, Send

from service.errors import ClientGone


def sending_within(send: Send, idle_s: float) -> Send:
    """A `send` that takes a client for gone when it reads nothing for `idle_s` seconds.

    A server waits with the next part of an answer until the client has read of the last ones.
    What is returned raises `ClientGone`, then and at every later call.
    """
    stalled = False

    async def send_in_time(message: Message) -> None:
        nonlocal stalled
        if stalled:
            raise ClientGone
        try:
            async with asyncio.timeout(idle_s):
                await send(message)
        except TimeoutError as error:
            stalled = True
            raise ClientGone from error

    return send_in_time

"""The socket that IOPaint's web app opens: Socket.IO 5 over Engine.IO 4 by long polling.

The web app listens on it for the steps of diffusion models, which there are none of here; what it
needs is a socket that stays open. This one remembers nothing, so any replica behind a proxy can
answer any poll. https://socket.io/docs/v4/engine-io-protocol/
"""

import asyncio
import json
import uuid

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse

from service.runtime import Runtime

PATH = "/socket.io/"
PING_S = 25.0
TIMEOUT_S = 20.0
GLANCE_S = 0.5  # how long an open poll may miss that the server stops
CLOSE, PING = "1", "2"
SEPARATOR = "\x1e"

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def poll(request: Request, sid: str = "") -> PlainTextResponse:
    """Open the socket, or wait until it is time for a ping."""
    if not sid:
        return PlainTextResponse(_handshake(uuid.uuid4().hex))
    runtime: Runtime = request.app.state.runtime
    loop = asyncio.get_running_loop()
    until = loop.time() + PING_S
    while loop.time() < until:
        if runtime.lifecycle.draining:
            return PlainTextResponse(CLOSE)
        if await request.is_disconnected():
            break  # nobody hears the ping
        await asyncio.sleep(GLANCE_S)
    return PlainTextResponse(PING)


@router.post(PATH)
async def push(request: Request) -> PlainTextResponse:
    """Take what the client says (hello, pong, goodbye); nothing follows from it."""
    async for _ in request.stream():
        pass  # never kept: nothing but the limit of a body bounds what is sent here
    return PlainTextResponse("ok")


def _handshake(sid: str) -> str:
    """Engine.IO's opening packet and, in the same breath, Socket.IO's consent to the connection."""
    opening = {
        "sid": sid,
        "upgrades": [],
        "pingInterval": int(PING_S * 1e3),
        "pingTimeout": int(TIMEOUT_S * 1e3),
        "maxPayload": 10**6,
    }
    consent = {"sid": sid}
    return f"0{json.dumps(opening)}{SEPARATOR}40{json.dumps(consent)}"

import asyncio
import tracemalloc

import pytest
from starlette.requests import Request

from service.routes import iopaint, socket

CHUNK = 2**20
CHUNKS = 32


@pytest.mark.parametrize("route", [iopaint.gen_info, socket.push])
def test_a_body_that_no_queue_bounds_is_never_held_in_memory(route):
    left = CHUNKS

    async def receive():
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": bytes(CHUNK), "more_body": left > 0}

    tracemalloc.start()
    try:
        asyncio.run(route(Request({"type": "http", "method": "POST", "headers": []}, receive)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left == 0
    assert peak < 4 * CHUNK

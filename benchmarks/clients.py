"""Clients that keep a server busy, and what they were answered.

The clients share the processors with the server, so the body of their requests is put together once
and sent as it is, by aiohttp: it needs less processor time than httpx.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

import aiohttp
import httpx
import numpy as np
from PIL import Image

from benchmarks.files import file_of
from service.arrays import Hole

PAUSE_S = 0.5  # after a refusal that names a longer one
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body and the type that goes with it."""

    content: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Result:
    """What one load gave. Latencies in seconds."""

    name: str
    seconds: float
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    other: int = 0

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.answered) / self.seconds

    def note(self, status: int, latency: float) -> None:
        """Count one response."""
        if status == 200:
            self.answered.append(latency)
        elif status in (429, 503):
            self.refused.append(latency)
        else:
            self.other += 1


def files_of(hole: Hole) -> dict[str, bytes]:
    """A photo-like PNG and the mask of a hole (H, W)."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
    photo = np.asarray(coarse.resize(hole.shape[::-1], Image.Resampling.BICUBIC))
    return {"image": file_of(photo, "PNG"), "mask": file_of(hole, "PNG")}


def body_of(files: dict[str, bytes], **fields: str) -> Body:
    """A form of these files and fields."""
    request = httpx.Request("POST", "http://server/inpaint", files=files, data=fields)
    return Body(request.read(), {"Content-Type": request.headers["Content-Type"]})


def session(base: str, connections: int = 1) -> aiohttp.ClientSession:
    """A client of a server that opens so many connections at most (0: any number)."""
    return aiohttp.ClientSession(
        base,
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    )


async def ask(client: aiohttp.ClientSession, body: Body, result: Result) -> float:
    """One request; returns how long its sender should pause."""
    start = time.perf_counter()
    async with client.post("/inpaint", data=body.content, headers=body.headers) as response:
        await response.read()
    result.note(response.status, time.perf_counter() - start)
    return min(PAUSE_S, float(response.headers.get("retry-after", 0)))


async def closed(base: str, bodies: Sequence[Body], clients: int, seconds: float) -> Result:
    """A number of clients, each of which waits for its answer before it asks again.

    Each sends the bodies in turn, one client beginning with another one than the next.
    """
    result = Result(f"{clients} client{'s' * (clients > 1)}", seconds)
    until = time.perf_counter() + seconds

    async def one(number: int) -> None:
        turn = islice(cycle(bodies), number % len(bodies), None)
        async with session(base) as client:
            while time.perf_counter() < until:
                await asyncio.sleep(await ask(client, next(turn), result))

    start = time.perf_counter()
    await asyncio.gather(*map(one, range(clients)))
    result.seconds = time.perf_counter() - start
    return result

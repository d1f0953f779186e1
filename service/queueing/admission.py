"""How many requests are let in: those at work, those that may wait, and nobody else.

A request takes its place before its body is read, so that nobody uploads a photo in vain. A client
that sends a byte now and then would so hold a place for as long as the deadline allows, and a
handful of them would close the service. Web servers know three remedies. Apache (`MinRate` of
mod_reqtimeout) gives up every upload below a rate: who comes again at once holds its place all the
same, and a phone on a bad network is refused by a server that has nothing to do. nginx reads bodies
before it passes them on: they are refused when they have come. HAProxy counts the connections of an
address: behind a proxy all have the same. Here a slow upload may go on for as long as nobody else
needs its place; the slowest one loses it to the first request that would be refused otherwise.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from service.errors import QueueFull
from service.queueing.place import Place
from service.record import Record

NEWEST = 0.1  # weight of the newest request in the moving average of a request's time


class Admission:
    """The doors: `admitted` is the outer one (refuses at once), `worker` the inner one (waits).

    Used from the event loop only.

    Args:
        workers: Requests worked on at once.
        queue_size: Requests that may wait for a worker.
        min_rate: Bytes a second from which on an upload keeps its place when all are taken.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        workers: int,
        queue_size: int,
        min_rate: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._capacity = workers + queue_size
        self._min_rate = min_rate
        self._clock = clock
        self._free = asyncio.Semaphore(workers)
        self._taken: set[Place] = set()
        self._working = 0
        self._average_s = 1.0

    @property
    def working(self) -> int:
        """Requests being worked on."""
        return self._working

    @property
    def waiting(self) -> int:
        """Requests let in that have no worker yet, those still uploading included."""
        return len(self._taken) - self._working

    @property
    def average_s(self) -> float:
        """Seconds that a request takes, as the latest ones did."""
        return self._average_s

    def held_by(self, holder: str) -> int:
        """How many places a key holds."""
        return sum(place.holder == holder for place in self._taken)

    @contextmanager
    def admitted(self, holder: str | None = None) -> Iterator[Place]:
        """Take a place for the length of the block, or until an upload is too slow to keep it.

        A place that is told to `keep` stays taken until `release`.

        Args:
            holder: Name of the key that takes it.

        Raises:
            QueueFull: there is none.
        """
        inside = len(self._taken)
        if inside >= self._capacity and not self._free_the_slowest():
            raise QueueFull(
                f"{inside} requests are at work or waiting, which is all there is room for",
                retry_after_s=self._average_s * inside / self._workers,
            )
        place = Place(self._clock, holder)
        self._taken.add(place)
        try:
            yield place
        finally:
            if not place.kept:
                self.release(place)

    def release(self, place: Place) -> None:
        """Give a place back that was kept beyond its request."""
        self._taken.discard(place)

    def _free_the_slowest(self) -> bool:
        """Take the place of the slowest upload, if it is too slow to keep it."""
        slowest = min(self._taken, key=lambda place: place.rate)
        if slowest.rate >= self._min_rate:
            return False
        self._taken.remove(slowest)
        slowest.lose()
        return True

    @asynccontextmanager
    async def worker(self, record: Record, gone: asyncio.Future[None]) -> AsyncIterator[None]:
        """Wait for a worker, first come first served, and keep it for the length of the block.

        Args:
            record: The request.
            gone: Done when the client has gone away and its ticket is cancelled.

        Raises:
            DeadlinePassed: the request's time was up before its turn came.
            ClientGone: the client went away before its turn came.
        """
        loop = asyncio.get_running_loop()
        with record.timings.measure("queue"):
            await self._acquire(record, gone)
        self._working += 1
        start = loop.time()
        try:
            yield
        finally:
            self._average_s += NEWEST * (loop.time() - start - self._average_s)
            self._working -= 1
            self._free.release()

    async def _acquire(self, record: Record, gone: asyncio.Future[None]) -> None:
        """Take a worker, or none: whatever is raised, cancellation included."""
        turn = asyncio.create_task(self._free.acquire())
        events: set[asyncio.Future[Any]] = {turn, gone}
        try:
            await asyncio.wait(
                events,
                timeout=max(0.0, record.ticket.remaining_s),
                return_when=asyncio.FIRST_COMPLETED,
            )
        except asyncio.CancelledError:
            if not turn.cancel():
                self._free.release()  # the turn had come, and nobody is left to take it
            raise
        if turn.cancel():
            record.ticket.check()
            raise record.ticket.passed()

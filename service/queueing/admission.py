"""How many requests are let in: those at work, those that may wait, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from service.errors import QueueFull
from service.record import Record

NEWEST = 0.1  # weight of the newest request in the moving average of a request's time


class Admission:
    """The doors: `admitted` is the outer one (refuses at once), `worker` the inner one (waits).

    Used from the event loop only.

    Args:
        workers: Requests worked on at once.
        queue_size: Requests that may wait for a worker.
    """

    def __init__(self, workers: int, queue_size: int) -> None:
        self._workers = workers
        self._capacity = workers + queue_size
        self._free = asyncio.Semaphore(workers)
        self._inside = 0
        self._working = 0
        self._average_s = 1.0

    @property
    def working(self) -> int:
        """Requests being worked on."""
        return self._working

    @property
    def waiting(self) -> int:
        """Requests let in that have no worker yet, those still uploading included."""
        return self._inside - self._working

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Take a place for the length of the block.

        Raises:
            QueueFull: there is none.
        """
        if self._inside >= self._capacity:
            raise QueueFull(
                f"{self._inside} requests are at work or waiting, which is all there is room for",
                retry_after_s=self._average_s * self._inside / self._workers,
            )
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

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

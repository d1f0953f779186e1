"""All jobs of one server: made, found, ended, forgotten. Nothing of them survives the server."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import get_args

from service.errors import ClientGone, NoSuchJob, ServiceError, Unavailable
from service.jobs.folder import ResultFolder
from service.jobs.job import Job, State
from service.networks.network import Network
from service.pipeline import Work
from service.queueing.place import Place
from service.record import Record

logger = logging.getLogger("service.jobs")

ID_BYTES = 24  # of the system's secure random numbers: 192 bits
STOP_S = 5.0  # what cancelled jobs get to come to their end
RETRY_S = 5.0

Run = Callable[[Work, Network], Work]
Process = Callable[[Work, Record, asyncio.Future[None], Run], Awaitable[None]]
"""Waits for a worker and calls `Run` on it; the future is done when the work is not wanted."""


class Jobs:
    """The jobs. Used from the event loop only.

    Args:
        folder: Where results are kept.
        limit: How many jobs there may be, those that have ended included.
        ttl_s: Seconds for which a job that has ended is kept.
        process: Takes work through the queue.
        run: Takes work through the pipeline; called on a worker's thread.
        release: Gives a job's place back.
        on_end: Told about every job that has ended or been cancelled, and how: a state or
            `cancelled`.
    """

    def __init__(
        self,
        folder: ResultFolder,
        *,
        limit: int,
        ttl_s: float,
        process: Process,
        run: Run,
        release: Callable[[Place], None],
        on_end: Callable[[Record, str], None],
    ) -> None:
        self.folder = folder
        self._limit = limit
        self._ttl_s = ttl_s
        self._process = process
        self._run = run
        self._release = release
        self._on_end = on_end
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def wanted(self) -> bool:
        """Whether this server makes jobs at all."""
        return self._limit > 0

    @property
    def at_work(self) -> int:
        """Jobs that are queued or running, cancelled ones that have not come to their end too."""
        return len(self._tasks)

    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        counted = Counter(job.state for job in self._jobs.values())
        return {state: counted[state] for state in get_args(State)}

    def begin(
        self,
        work: Work,
        record: Record,
        place: Place,
        expected_bytes: int,
        describe: Callable[[Work], dict[str, str]],
        held: AsyncExitStack,
    ) -> Job:
        """Make a job, which from now on goes on by itself.

        Args:
            work: What to do.
            record: The job's own record, with the ticket of the request that makes it.
            place: The place of that request, which becomes the job's.
            expected_bytes: What its result may take at most.
            describe: The headers of the answer, made when it is done.
            held: What the work needs until its end. It is taken over if nothing is raised.

        Raises:
            Unavailable: no more jobs or results can be kept.
        """
        self._make_room(expected_bytes)
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        result = self.folder.open(expected_bytes)
        job = Job(secrets.token_hex(ID_BYTES), record, place, result, gone)
        work.on_progress = job.tell
        place.keep()
        self._jobs[job.id] = job
        task = asyncio.create_task(self._work_off(job, work, describe, held.pop_all()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, job_id: str, key: str | None) -> Job:
        """A job by its id.

        Args:
            job_id: The id.
            key: Name of the key by which it is asked for, if there are keys.

        Raises:
            NoSuchJob: there is none, or another key has made it.
        """
        job = self._jobs.get(job_id)
        if job is None or job.record.key != key:
            raise NoSuchJob(
                "there is no job of this id: it never was, was deleted, its time is over, or the "
                "server was started anew"
            )
        return job

    def expires_in_s(self, job: Job) -> float | None:
        """Seconds until a job is forgotten; None while it is at work."""
        if job.expires is None:
            return None
        return max(0.0, job.expires - asyncio.get_running_loop().time())

    def forget(self, job: Job) -> None:
        """Cancel a job if it is at work, and drop it with its result."""
        self._jobs.pop(job.id, None)
        if job.expiry is not None:
            job.expiry.cancel()
        job.cancel()
        if job.ended:
            job.result.close()

    async def stop(self) -> None:
        """Cancel every job that is at work and drop all of them."""
        for job in list(self._jobs.values()):
            self.forget(job)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _make_room(self, expected_bytes: int) -> None:
        """Make sure of room for one more job. Ends that have been told may go before their time."""
        told = iter([job for job in self._jobs.values() if job.told])
        while len(self._jobs) >= self._limit or not self.folder.fits(expected_bytes):
            job = next(told, None)
            if job is None:
                raise self._full()
            self.forget(job)

    def _full(self) -> Unavailable:
        now = asyncio.get_running_loop().time()
        ends = [job.expires for job in self._jobs.values() if job.expires is not None]
        kept = f"{len(self._jobs)} jobs with results of {self.folder.bytes} bytes"
        return Unavailable(
            f"{kept} are kept or under way, and there is room for {self._limit} with "
            f"{self.folder.max_bytes}; fetch results and DELETE their jobs, or ask without "
            "respond-async",
            min(ends, default=now + RETRY_S) - now,
        )

    async def _work_off(
        self,
        job: Job,
        work: Work,
        describe: Callable[[Work], dict[str, str]],
        held: AsyncExitStack,
    ) -> None:
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            async with held:
                await self._process(work, job.record, job.gone, partial(self._fill, job))
            job.headers = describe(work)
            job.state = "done"
        except ClientGone:
            pass
        except ServiceError as error:
            job.fail(error)
        except Exception:
            logger.exception("job failed", extra={"request_id": job.record.request_id})
            job.fail(ServiceError("the service failed on this request; its log says why"))
        finally:
            self._release(job.place)
            outcome = self._end(job)
            self._tell(job, outcome, time.perf_counter() - started)

    def _fill(self, job: Job, work: Work, network: Network) -> Work:
        """On a worker's thread: the photo to its result."""
        job.state = "running"
        self._run(work, network)
        with work.timings.measure("store"):
            job.result.write(work.answer)
        return work

    def _end(self, job: Job) -> str:
        """Keep a job that has ended for its time; returns what became of it."""
        if not job.ended or job.id not in self._jobs:
            self._jobs.pop(job.id, None)
            job.result.close()
            return "cancelled"
        if job.state == "failed":
            job.result.close()
        loop = asyncio.get_running_loop()
        job.expires = loop.time() + self._ttl_s
        job.expiry = loop.call_at(job.expires, self.forget, job)
        return job.state

    def _tell(self, job: Job, outcome: str, seconds: float) -> None:
        self._on_end(job.record, outcome)
        # The id is not told: who reads the log could fetch the photo by it.
        fields = {"request_id": job.record.request_id, "state": outcome}
        duration = {"duration_ms": round(seconds * 1e3, 2)}
        logger.info("job", extra=fields | duration | job.record.told())

"""Everything one server owns while it runs: engine, lane, doors, workers, counters."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.types import Receive

from service.engine.base import Engine
from service.engine.run_table import RunTable
from service.imaging.encoding import Encoding
from service.imaging.headers import read_header
from service.imaging.source import check_pixels
from service.jobs.folder import ResultFolder
from service.jobs.jobs import Jobs, Run
from service.keys.allowances import Allowances
from service.operation.lifecycle import Lifecycle
from service.operation.metrics import Metrics
from service.operation.priority import yield_to_event_loop
from service.pipeline import Pipeline, Work
from service.queueing.admission import Admission
from service.queueing.backlog import Backlog, CostTable
from service.queueing.lane import Lane
from service.record import Record
from service.settings import Settings
from service.texture import LibraryError
from service.texturing import build_texturing
from service.ticket import Ticket

logger = logging.getLogger(__name__)

OnFatal = Callable[[str], None]
"""Told in words why a server can never become ready."""


class Runtime:
    """Wires the parts together and starts and stops them.

    Args:
        settings: The server's settings.
        engine: The engine, not yet warm. Closed by `stop`.
        on_fatal: Told when the engine cannot be warmed up.
    """

    def __init__(self, settings: Settings, engine: Engine, on_fatal: OnFatal | None = None) -> None:
        self.settings = settings
        self.engine = engine
        self.metrics = Metrics()
        self.costs = CostTable()
        self.backlog = Backlog()
        self.lane = Lane(
            engine,
            wait_s=settings.batch_wait_ms / 1e3,
            on_run=self._on_run,
        )
        self.lifecycle = Lifecycle(stuck=lambda: self.lane.busy_s() > settings.deadline_s)
        self.admission = Admission(
            settings.worker_count, settings.queue_size, settings.upload_min_bytes_s
        )
        self.pipeline = Pipeline(
            lane=self.lane,
            traits=engine.info.traits,
            costs=self.costs,
            backlog=self.backlog,
            max_pixels=settings.max_pixels,
            encoding=Encoding(settings.png_compression, settings.jpeg_quality),
            texturing=build_texturing(settings),
            provenance=settings.provenance,
        )
        self.allowances = Allowances(
            settings.keys,
            on_refusal=self.metrics.observe_refusal,
            on_pixels=self.metrics.observe_pixels,
        )
        self._on_fatal = on_fatal
        self._workers = ThreadPoolExecutor(
            settings.worker_count, "inpaint-worker", initializer=yield_to_event_loop
        )
        self.jobs = Jobs(
            ResultFolder(settings.jobs_folder, settings.jobs_mb * 2**20),
            limit=settings.jobs_max,
            ttl_s=settings.job_ttl_s,
            process=self._process,
            run=self.pipeline.run,
            release=self.admission.release,
            on_end=self.metrics.observe_job,
        )
        self._warming: asyncio.Task[None] | None = None
        self._watch_gauges()

    async def start(self) -> None:
        """Start the lane, and warm the engine up in the background."""
        self.metrics.describe_model(self.engine.info)
        logger.info("terms of the weights: %s", self.engine.info.terms)
        self.lane.start()
        self._warming = asyncio.create_task(self._warm_up())

    async def stop(self) -> None:
        """Stop everything; requests have ended by now, or will never."""
        self.lifecycle.drain()
        await self.jobs.stop()
        if self._warming is not None:
            await self._warming
        await asyncio.to_thread(self.lane.close)
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.pipeline.texturing.close()
        self.engine.close()

    async def answer(self, work: Work, record: Record, receive: Receive) -> None:
        """Take a request through the pipeline, as soon as a worker is free.

        Args:
            work: What to do; holds the answer afterwards.
            record: The request.
            receive: The request's ASGI `receive`, its body read.

        Raises:
            ServiceError: the request cannot be answered; says why.
            ClientGone: the client went away; its work has been dropped.
        """
        async with watching(receive, record.ticket) as gone:
            pixels = 0 if record.key is None else await self.pixels_of(work)
            with self.allowances.spending(record.key, pixels):
                await self._process(work, record, gone, self.pipeline.run)

    async def pixels_of(self, work: Work) -> int:
        """The pixels of a photo that has not been decoded, by its header.

        Raises:
            ServiceError: the header makes no sense, or announces too many pixels.
        """
        # Not on the event loop: a hostile header is long.
        header = await asyncio.to_thread(read_header, work.image, "image")
        check_pixels(header, "image", self.settings.max_pixels)
        return header.width * header.height

    async def _process(
        self, work: Work, record: Record, gone: asyncio.Future[None], run: Run
    ) -> None:
        async with self.admission.worker(record, gone):
            await asyncio.get_running_loop().run_in_executor(self._workers, run, work)
        record.windows, record.texture = work.windows, work.textured

    async def _warm_up(self) -> None:
        info, start = self.engine.info, time.perf_counter()
        try:
            runs = await asyncio.to_thread(self.engine.warm_up, info.first_sizes)
            texture_s = await asyncio.to_thread(self._measure_texture)
        except LibraryError as error:
            logger.exception("there can be no texture")
            if self._on_fatal:
                self._on_fatal(f"{error}; INPAINT_TEXTURE=off does without")
            return
        except Exception as error:
            logger.exception("the engine cannot be warmed up")
            if self._on_fatal:
                self._on_fatal(f"the engine cannot be warmed up: {error}")
            return
        self._plan_by(runs)
        self.lifecycle.warmed()
        logger.info(
            "ready",
            extra={
                "model": f"{info.name} {info.version}",
                "provider": info.provider,
                "precision": info.precision,
                "precision_seconds": {p: round(s, 4) for p, s in info.precision_seconds.items()},
                "batches": runs.batches,
                "texture_s_per_megapixel": round(texture_s * 1e6, 2),
                "window_seconds": {s: round(c, 4) for s, c in self.costs.snapshot().items()},
                "warm_up_s": round(time.perf_counter() - start, 2),
            },
        )

        for size in sorted(set(info.window_sizes) - set(info.first_sizes)):
            if self.lifecycle.draining:
                return
            try:
                runs |= await asyncio.to_thread(self._warm_up_later, size)
            except Exception as error:  # such as memory: requests are answered as until now
                logger.warning("windows of %d pixels could not be warmed up: %s", size, error)
            else:
                self._plan_by(runs)
        logger.info("warm", extra={"warm_up_s": round(time.perf_counter() - start, 2)})

    def _measure_texture(self) -> float:
        """Seconds that the texture of a pixel of hole takes, 0 where there is none by default."""
        return 0.0 if self.settings.texture == "off" else self.pipeline.texturing.warm_up()

    def _warm_up_later(self, size: int) -> RunTable:
        with self.lane.rest():
            return self.engine.warm_up((size,))

    def _plan_by(self, runs: RunTable) -> None:
        """Plan by what was measured, and by what follows from it for sizes that were not yet."""
        self.costs.update(runs.estimate(self.engine.info.window_sizes))
        self.lane.tune(runs.batches)

    def _on_run(self, size: int, windows: int, seconds: float, share_s: float) -> None:
        self.costs.observe(size, windows, share_s)
        self.metrics.observe_run(size, windows, seconds)

    def _watch_gauges(self) -> None:
        watch = self.metrics.watch
        watch("inpaint_ready", "1 if requests are taken", lambda: self.lifecycle.ready)
        watch("inpaint_queue_depth", "Requests without a worker", lambda: self.admission.waiting)
        watch("inpaint_working", "Requests with a worker", lambda: self.admission.working)
        watch("inpaint_workers", "Workers there are", lambda: self.settings.worker_count)
        watch("inpaint_lane_windows", "Windows waiting for a run", lambda: self.lane.waiting)
        watch("inpaint_backlog_seconds", "Planned inference", lambda: self.backlog.seconds)
        watch(
            "inpaint_jobs_folder_bytes",
            "Bytes taken by results of jobs, and kept free for those under way",
            lambda: self.jobs.folder.bytes,
        )
        self.metrics.watch_jobs(self.jobs.states)
        self.metrics.watch_keys([key.name for key in self.settings.keys], self.admission.held_by)


@asynccontextmanager
async def watching(receive: Receive, ticket: Ticket) -> AsyncIterator[asyncio.Future[None]]:
    """Cancel a ticket when its client goes away; the future is done then.

    The ticket is cancelled at the end of the block too, so that nothing goes on for it.
    """

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        ticket.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield watcher
    finally:
        watcher.cancel()
        ticket.cancel()

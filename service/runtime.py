"""Everything one server owns while it runs: networks, doors, workers, counters."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.types import Receive

from service.engine.base import Engine
from service.engine.build import build_engine, check_model
from service.imaging.encoding import Encoding
from service.imaging.headers import read_header
from service.imaging.source import check_pixels
from service.jobs.folder import ResultFolder
from service.jobs.jobs import Jobs, Run
from service.keys.allowances import Allowances
from service.networks.catalogue import read_catalogue
from service.networks.network import Network
from service.networks.pool import Networks
from service.operation.allocator import return_unused
from service.operation.lifecycle import Lifecycle
from service.operation.metrics import Metrics
from service.operation.priority import yield_to_event_loop
from service.pipeline import Pipeline, Work
from service.queueing.admission import Admission
from service.queueing.backlog import Backlog
from service.queueing.turns import Turns
from service.record import Record
from service.settings import Settings
from service.texture import LibraryError
from service.texturing import build_texturing
from service.ticket import Ticket

logger = logging.getLogger(__name__)

OnFatal = Callable[[str], None]
"""Told in words why a server can never become ready."""

Build = Callable[[Path], Engine]
"""Builds an engine of a file, as `build_engine` does."""


class Runtime:
    """Wires the parts together and starts and stops them.

    Args:
        settings: The server's settings.
        engine: The default network's engine, not yet warm. Closed by `stop`.
        on_fatal: Told when the engine cannot be warmed up.
        build: Builds the engines of the other networks; None: as the settings ask for.

    Raises:
        EngineError: the networks cannot be told apart by name; says why.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        on_fatal: OnFatal | None = None,
        build: Build | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.backlog = Backlog()
        self._build = build or partial(build_engine, settings, measure=True)
        self._turns = Turns()
        catalogue = read_catalogue(settings)
        self.networks = Networks(
            catalogue.files,
            self._network(catalogue.default, engine),
            load=self._load,
            check=partial(check_model, settings) if settings.engine == "onnx" else None,
            memory_bytes=settings.models_memory << 20,
            on_load=self.metrics.observe_load,
            on_drop=self.metrics.observe_drop,
        )
        self.lifecycle = Lifecycle(stuck=lambda: self.networks.busy_s() > settings.deadline_s)
        self.admission = Admission(
            settings.worker_count, settings.queue_size, settings.upload_min_bytes_s
        )
        self.pipeline = Pipeline(
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
        """Start the default network's lane, and warm it up in the background."""
        default = self.networks.default
        self.metrics.describe_model(default.name, default.info)
        logger.info("terms of the weights: %s", default.info.terms)
        default.start()
        self._warming = asyncio.create_task(self._warm_up())

    async def stop(self) -> None:
        """Stop everything; requests have ended by now, or will never."""
        self.lifecycle.drain()
        await self.jobs.stop()
        if self._warming is not None:
            await self._warming
        await self.networks.close()
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.pipeline.texturing.close()

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
        # Loaded before a worker is taken: whoever waits for that keeps none from the others.
        async with (
            self.networks.use(work.model, record, gone) as network,
            self.admission.worker(record, gone),
        ):
            await asyncio.get_running_loop().run_in_executor(self._workers, run, work, network)
        record.windows, record.texture, record.model = work.windows, work.textured, work.model

    def _network(self, name: str, engine: Engine) -> Network:
        return Network(
            name,
            engine,
            wait_s=self.settings.batch_wait_ms / 1e3,
            turns=self._turns,
            on_run=self.metrics.observe_run,
        )

    def _load(self, name: str, file: Path) -> Network:
        """On a thread: a network that is ready for windows of all sizes."""
        network = self._network(name, self._build(file))
        try:
            network.start()
            network.warm_up(network.info.first_sizes)
        except BaseException:
            network.close()
            raise
        return_unused()  # what opening it took, and a precision that lost
        return network

    async def _warm_up(self) -> None:
        default, start = self.networks.default, time.perf_counter()
        info = default.info
        try:
            await asyncio.to_thread(default.warm_up, info.first_sizes)
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
        self.lifecycle.warmed()
        logger.info(
            "ready",
            extra={
                "model": f"{info.name} {info.version}",
                "models": self.networks.names,
                "provider": info.provider,
                "precision": info.precision,
                "precision_seconds": {p: round(s, 4) for p, s in info.precision_seconds.items()},
                "batches": default.batches,
                "texture_s_per_megapixel": round(texture_s * 1e6, 2),
                "window_seconds": {s: round(c, 4) for s, c in default.costs.snapshot().items()},
                "warm_up_s": round(time.perf_counter() - start, 2),
            },
        )
        await self.networks.warm_up_later(default, lambda: self.lifecycle.draining)
        logger.info("warm", extra={"warm_up_s": round(time.perf_counter() - start, 2)})

    def _measure_texture(self) -> float:
        """Seconds that the texture of a pixel of hole takes, 0 where there is none by default."""
        return 0.0 if self.settings.texture == "off" else self.pipeline.texturing.warm_up()

    def _watch_gauges(self) -> None:
        watch = self.metrics.watch
        watch("inpaint_ready", "1 if requests are taken", lambda: self.lifecycle.ready)
        watch("inpaint_queue_depth", "Requests without a worker", lambda: self.admission.waiting)
        watch("inpaint_working", "Requests with a worker", lambda: self.admission.working)
        watch("inpaint_workers", "Workers there are", lambda: self.settings.worker_count)
        watch("inpaint_backlog_seconds", "Planned inference", lambda: self.backlog.seconds)
        watch(
            "inpaint_jobs_folder_bytes",
            "Bytes taken by results of jobs, and kept free for those under way",
            lambda: self.jobs.folder.bytes,
        )
        watch("inpaint_models_bytes", "Taken by models, by estimate", lambda: self.networks.bytes)
        self.metrics.watch_models(self.networks.names, self.networks.find)
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

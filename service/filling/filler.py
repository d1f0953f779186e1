"""Takes photos on disk through the pipeline that answers requests."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from service.engine.build import build_engine
from service.errors import ClientGone, ServiceError
from service.filling.outcome import Outcome
from service.filling.stopping import Stop
from service.filling.tasks import SUFFIXES, Task
from service.filling.whole_files import write_whole
from service.imaging.encoding import Encoding
from service.imaging.metadata import MetadataMode
from service.networks.network import Network
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog
from service.settings import Settings
from service.texturing import TextureMode, build_texturing
from service.ticket import Ticket

NOMINAL_COST_S = 1e-6  # of a window's pixel: only ratios matter to a plan without a deadline

OnProgress = Callable[[int, int], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """How photos are filled; what each means is said where `Work` and the HTTP fields are."""

    invert_mask: bool = False
    dilate: int = 0
    feather: int = 0
    crop: bool = False
    texture: TextureMode | None = None
    seed: int = 0
    metadata: MetadataMode = "keep"


class Filler:
    """An engine and all that a photo needs beside it. `fill` may be called by several threads.

    Args:
        settings: As a server's.
        wish: How all photos are filled.
        many: Whether it pays to find out what is fastest here.

    Raises:
        EngineError: the engine cannot be built.
        LibraryError: the texture's kernels cannot be used.
    """

    def __init__(self, settings: Settings, wish: Wish, *, many: bool) -> None:
        engine = build_engine(settings, measure=many)
        self._network = Network(engine.info.name, engine)
        sizes = engine.info.window_sizes
        self._network.plan_by({size: size**2 * NOMINAL_COST_S for size in sizes}, {})
        self._pipeline = Pipeline(
            backlog=Backlog(),
            max_pixels=settings.max_pixels,
            encoding=Encoding(settings.png_compression, settings.jpeg_quality),
            texturing=build_texturing(settings),
            provenance=settings.provenance,
        )
        self._wish = wish
        self._many = many

    def __enter__(self) -> Self:
        self._network.start()
        if self._many:  # one photo takes less time than finding out which batches pay
            self._network.warm_up(self._network.info.window_sizes)
        return self

    def __exit__(self, *_: object) -> None:
        self._network.close()
        self._pipeline.texturing.close()

    def fill(self, task: Task, stop: Stop, on_progress: OnProgress | None = None) -> Outcome:
        """Fill one photo and write it. Whatever goes wrong with it is the outcome.

        Args:
            task: The photo.
            stop: Looked at between steps and windows.
            on_progress: Called with steps done and steps there are.
        """
        ticket = stop.ticket()
        start = time.perf_counter()
        try:
            ticket.check()
            work = self._run(task, ticket, on_progress)
            if work.answer:
                write_whole(task.output, work.answer)
        except ClientGone:
            return Outcome(task, "stopped")
        except (ServiceError, OSError) as error:
            reason = str(error)
        except Exception as error:  # one photo must not end a night's work
            logger.exception("%s", task.image)
            reason = f"{type(error).__name__}: {error}"
        else:
            return Outcome(
                task,
                "filled" if work.answer else "unchanged",
                seconds=time.perf_counter() - start,
                size=work.size,
                bytes=len(work.answer),
                texture=work.textured,
                crop=work.place if work.crop else None,
            )
        finally:
            stop.forget(ticket)
        return Outcome(task, "failed", reason, time.perf_counter() - start)

    def _run(self, task: Task, ticket: Ticket, on_progress: OnProgress | None) -> Work:
        wish = self._wish
        with ExitStack() as files:
            work = Work(
                image=files.enter_context(task.image.open("rb")),
                mask=files.enter_context(task.mask.open("rb")) if task.mask else None,
                invert_mask=wish.invert_mask,
                dilate=wish.dilate,
                output=SUFFIXES[task.output.suffix.lower()],
                ticket=ticket,
                feather=wish.feather,
                crop=wish.crop,
                texture=wish.texture,
                seed=wish.seed,
                metadata=wish.metadata,
                on_progress=on_progress,
            )
            return self._pipeline.run(work, self._network)

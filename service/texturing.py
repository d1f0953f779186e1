"""Whether a photo gets its texture, in what time and memory, and with whose help.

`service.texture` does the work; here is what a service has to ask before it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.arrays import Hole, Image
from service.operation.priority import yield_to_event_loop
from service.queueing.backlog import CostTable
from service.settings import Settings
from service.texture import Context, Crew, find_contexts, memory_of, transfer
from service.texture.library import kernels
from service.ticket import Ticket

TextureMode = Literal["auto", "on", "off"]
"""`auto` leaves it out where time or memory do not allow it; `on` rather fails; `off` always."""

TextureOutcome = Literal["on", "off", "none", "late", "large"]
"""`on`: done; `off`: not asked for; `none`: no hole, or too little known around it to copy from;
`late`: no time for it; `large`: it would have taken more memory than it may."""

CONTEXT_SHARE, GROUP_SHARE = 0.04, 2000
"""What a pixel of context, and a group whatever its size, costs in pixels of hole."""

RESERVE = 0.05
"""Share of a request's time that is left for what comes after the texture."""

GLANCE_S = 0.1  # how long a wait for memory may miss that the client has gone

TRIAL_SIDE, TRIAL_HOLE = 192, 64  # of the picture that the warm-up fills
TRIAL = 0  # the cost table's only kind of work


@dataclass(frozen=True, slots=True)
class TexturePlan:
    """What a photo's texture will take.

    Attributes:
        contexts: Groups of holes; none where it is left out.
        outcome: Why it is left out, None if it is not.
        seconds: What it is expected to take.
    """

    contexts: list[Context]
    outcome: TextureOutcome | None
    seconds: float = 0.0


class OutOfTimeError(Exception):
    """The texture has to be left out, or the answer would be late."""


class Texturing:
    """Gives photos their texture. Thread safe.

    Args:
        mode: What requests get that say nothing.
        threads: Threads that a photo may have.
        memory_bytes: What all photos at work may take at once.
    """

    def __init__(self, mode: TextureMode, threads: int, memory_bytes: int) -> None:
        self.mode = mode
        self._crew = Crew(threads, yield_to_event_loop)
        self._threads = threads
        self._room = _Room(memory_bytes, threads)
        self._costs = CostTable()

    def warm_up(self) -> float:
        """Measure what a pixel of hole takes; returns the seconds.

        Raises:
            LibraryError: the kernels cannot be used.
        """
        kernels()
        random = np.random.default_rng(0)
        image = random.integers(0, 256, (TRIAL_SIDE, TRIAL_SIDE, 3), dtype=np.uint8)
        hole = np.zeros(image.shape[:2], np.bool_)
        start = (TRIAL_SIDE - TRIAL_HOLE) // 2
        hole[start : start + TRIAL_HOLE, start : start + TRIAL_HOLE] = True
        contexts = find_contexts(hole)
        began = time.perf_counter()
        transfer(image, hole, None, contexts, self._crew)
        seconds = (time.perf_counter() - began) / _units(contexts)
        self._costs.update({TRIAL: seconds})
        return seconds

    def plan(self, hole: Hole, mode: TextureMode | None) -> TexturePlan:
        """Plan the texture of a photo.

        Args:
            hole: (H, W) bool, some of it True.
            mode: What the request says; None for the server's own.
        """
        mode = mode or self.mode
        if mode == "off":
            return TexturePlan([], "off")
        contexts = find_contexts(hole)
        if mode == "auto" and memory_of(contexts, self._threads) > self._room.memory:
            return TexturePlan([], "large")
        cost = self._costs.snapshot().get(TRIAL, 0.0)
        return TexturePlan(contexts, None, cost * _units(contexts))

    def apply(
        self,
        image: Image,
        hole: Hole,
        known: Hole | None,
        planned: TexturePlan,
        ticket: Ticket,
        *,
        may_skip: bool,
        on_progress: Callable[[int, int], None],
        seed: int = 0,
    ) -> TextureOutcome:
        """Give a photo its texture, as planned; its fill stays as it is where that is left out.

        Args:
            image: (H, W, 3) uint8 RGB, the hole filled by the network; changed in place.
            hole: (H, W) bool.
            known: (H, W) bool, what may be copied; None for all but the hole.
            planned: The plan.
            ticket: Asked between steps whether to go on.
            may_skip: Leave it out when time runs short, instead of missing the deadline.
            on_progress: Called with groups done and groups in all.
            seed: Which of many draws.

        Raises:
            ClientGone, DeadlinePassed: as the ticket says.
        """
        reserve_s = RESERVE * ticket.allowed_s

        def checkpoint() -> None:
            ticket.check()
            if may_skip and ticket.remaining_s < reserve_s:
                raise OutOfTimeError

        try:
            if may_skip and ticket.remaining_s < reserve_s + planned.seconds:
                raise OutOfTimeError
            with self._room.held(memory_of(planned.contexts, self._threads), checkpoint):
                began = time.perf_counter()
                with self._crew.present():
                    done = transfer(
                        image,
                        hole,
                        known,
                        planned.contexts,
                        self._crew,
                        on_progress=on_progress,
                        checkpoint=checkpoint,
                        seed=seed,
                    )
                if done.copied == done.groups:
                    took = time.perf_counter() - began
                    self._costs.observe(TRIAL, _units(planned.contexts), took)
        except OutOfTimeError:
            return "late"
        return "on" if done.copied else "none"

    def close(self) -> None:
        """Let the threads go."""
        self._crew.close()


def build_texturing(settings: Settings) -> Texturing:
    """What the settings ask for; measured by `warm_up` later."""
    return Texturing(settings.texture, settings.thread_count, settings.texture_memory_mb << 20)


class _Room:
    """What photos at work may take at once; the others wait.

    Args:
        memory: Bytes. A photo that needs more gets them while there is no other.
        photos: How many; more than there are threads would only be in each other's way.
    """

    def __init__(self, memory: int, photos: int) -> None:
        self.memory = memory
        self._photos = photos
        self._taken: list[int] = []
        self._changed = threading.Condition()

    @contextmanager
    def held(self, count: int, checkpoint: Callable[[], None]) -> Iterator[None]:
        """Take bytes for one photo and the block, when there are as many."""
        with self._changed:
            while not self._has(count):
                self._changed.wait(GLANCE_S)
                checkpoint()
            self._taken.append(count)
        try:
            yield
        finally:
            with self._changed:
                self._taken.remove(count)
                self._changed.notify_all()

    def _has(self, count: int) -> bool:
        fits = len(self._taken) < self._photos and sum(self._taken) + count <= self.memory
        return fits or not self._taken


def _units(contexts: list[Context]) -> int:
    """Pixels of hole, and what else costs as much as so many."""
    return sum(
        context.pixels + round(CONTEXT_SHARE * context.box.height * context.box.width) + GROUP_SHARE
        for context in contexts
    )

"""The one inference lane of a device: windows of waiting requests go through it in shared runs.

As many threads as runs may overlap own the device. Every request has its own line of windows; runs
are filled by going round the lines and taking one window from each, so a request with one window
never waits behind the hundred windows of another.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from service.arrays import Holes, Images
from service.engine.base import Engine, EngineError
from service.errors import InferenceFailed
from service.operation.priority import yield_to_event_loop
from service.queueing.turns import Turns
from service.ticket import Ticket

logger = logging.getLogger(__name__)

OnRun = Callable[[int, int, float, float], None]
"""Told about each run that did not fail: the windows' size, how many they were, seconds, and the
share of the device in seconds, less than that where runs overlapped."""


@dataclass(eq=False)
class _Call:
    """One call of `infer` by one request, answered when none of its windows is missing."""

    ticket: Ticket
    images: Images
    holes: Holes
    predictions: Images
    missing: int
    submitted: float
    started: float | None = None
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def size(self) -> int:
        return int(self.images.shape[1])

    def fail(self, error: Exception) -> None:
        self.error = error
        self.done.set()


@dataclass(frozen=True, slots=True)
class _Window:
    call: _Call
    index: int


class Lane:
    """Runs an engine for many requests at once.

    Args:
        engine: What runs; only ever called from the lane's own threads, `info.runs` at once.
        max_batch: Most windows of a run, until `tune` knows better. One window always fits.
        wait_s: How long a run that is not full waits for windows of other requests at work.
        on_run: Told about every run.
        turns: Of the device; lanes that have one device in common take turns.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_batch: int = 1,
        wait_s: float,
        on_run: OnRun | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._batches: Mapping[int, int] = {}
        self._wait_s = wait_s
        self._on_run = on_run
        self._changed = threading.Condition()
        self._lines: OrderedDict[Ticket, deque[_Window]] = OrderedDict()
        self._clients = 0
        self._running_since: dict[int, float] = {}  # by thread
        self._turns = turns or Turns()
        self._line = self._turns.join(engine.info.runs)
        self._closed = False
        self._under_way = 0
        self._resting = False
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-lane-{number}", daemon=True)
            for number in range(engine.info.runs)
        ]

    def tune(self, batches: Mapping[int, int]) -> None:
        """Set how many windows of each size a run may have, as the warm-up found best."""
        self._batches = dict(batches)

    def start(self) -> None:
        """Start the lane's threads."""
        for thread in self._threads:
            thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Finish the runs under way and stop; calls still waiting fail.

        Args:
            timeout_s: How long to wait for all runs together.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._turns.leave(self._line)
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Run nothing within the block, so that the device can be measured; windows wait."""
        with self._changed:
            self._resting = True
            self._changed.wait_for(lambda: self._under_way == 0)
        try:
            yield
        finally:
            with self._changed:
                self._resting = False
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Windows that wait for a run."""
        with self._changed:
            return sum(map(len, self._lines.values()))

    def busy_s(self) -> float:
        """Seconds that the oldest run under way has taken so far, 0 between runs."""
        since = min(list(self._running_since.values()), default=None)
        return 0.0 if since is None else time.monotonic() - since

    def client(self, ticket: Ticket) -> "LaneClient":
        """The lane as seen by one request; a context manager and an `Infer`."""
        return LaneClient(self, ticket)

    def enter(self) -> None:
        """Another request is at work and may bring windows."""
        with self._changed:
            self._clients += 1

    def leave(self, ticket: Ticket) -> None:
        """A request brings no more windows; those it still has in line are dropped."""
        with self._changed:
            self._clients -= 1
            self._lines.pop(ticket, None)
            self._changed.notify_all()

    def submit(self, ticket: Ticket, images: Images, holes: Holes) -> _Call:
        """Put windows in line."""
        call = _Call(ticket, images, holes, np.empty_like(images), len(images), time.perf_counter())
        with self._changed:
            if self._closed:
                raise InferenceFailed("the service is stopping")
            line = self._lines.setdefault(ticket, deque())
            line.extend(_Window(call, index) for index in range(len(images)))
            self._changed.notify_all()
        return call

    def _work(self) -> None:
        yield_to_event_loop()
        while self._has_windows() and self._turns.take(self._line):
            try:
                if batch := self._next_batch():
                    self._run_through(batch)
            finally:
                self._turns.give_back(self._line)
        with self._changed:
            self._fail_all()

    def _run_through(self, batch: list[_Window]) -> None:
        try:
            error = self._try(batch)
            if error is not None:
                self._settle(batch, error)
        finally:
            self._end_run()

    def _end_run(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def _settle(self, batch: list[_Window], error: Exception) -> None:
        """After a failed run, run each request's windows apart: only whose fault it is shall fail.

        Once, so that an engine that fails at everything is asked at most once more per request and
        run under way.
        """
        calls = dict.fromkeys(window.call for window in batch)
        for call in calls:
            if len(calls) == 1:
                self._give_up(call, error)
            elif call.error is not None or not call.ticket.alive:
                call.done.set()  # its thread wakes up, and sees what happened
            elif failure := self._try([window for window in batch if window.call is call]):
                self._give_up(call, failure)

    def _give_up(self, call: _Call, error: Exception) -> None:
        """Fail a call, and forget its windows that are still in line: they would answer nobody."""
        with self._changed:
            self._lines.pop(call.ticket, None)
        call.fail(error)

    def _try(self, batch: list[_Window]) -> Exception | None:
        """Run windows; returns why that failed, if it did."""
        self._running_since[threading.get_ident()] = time.monotonic()
        start, before = time.perf_counter(), self._turns.shares.start()
        try:
            self._run(batch, start)
        except Exception as error:  # whatever it is, the lane goes on with the next run
            logger.exception("a run of %d windows failed", len(batch))
            return error
        finally:
            share_s = self._turns.shares.stop(before)
            self._turns.charge(self._line, share_s, self._clients)
            del self._running_since[threading.get_ident()]
        if self._on_run:
            self._on_run(batch[0].call.size, len(batch), time.perf_counter() - start, share_s)
        return None

    def _run(self, batch: list[_Window], start: float) -> None:
        for window in batch:
            if window.call.started is None:
                window.call.started = start
        predictions = self._engine.infer(
            np.stack([window.call.images[window.index] for window in batch]),
            np.stack([window.call.holes[window.index] for window in batch]),
        )
        # Paired up before anything is counted: a run that fails has answered no window.
        for window, prediction in list(zip(batch, predictions, strict=True)):
            call = window.call
            call.predictions[window.index] = prediction
            with self._changed:
                call.missing -= 1
                answered = call.missing == 0
            if answered:
                call.done.set()

    def _has_windows(self) -> bool:
        """Wait for windows to run; False when the lane is closed."""
        with self._changed:
            self._changed.wait_for(lambda: (self._lines and not self._resting) or self._closed)
            return not self._closed

    def _next_batch(self) -> list[_Window]:
        """Windows of one size for the next run; empty where others came first, or none may run."""
        with self._changed:
            batch: list[_Window] = []
            if self._closed or self._resting:
                return batch
            self._gather(batch)
            if not batch:
                return batch
            self._under_way += 1
            until = time.monotonic() + self._wait_s
            while self._may_grow(batch) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
                self._gather(batch)
            return batch

    def _may_grow(self, batch: list[_Window]) -> bool:
        """Whether requests that are at work but not in the run could still join it."""
        joined = len({id(window.call) for window in batch})
        return self._has_room(batch) and joined < self._clients and not self._closed

    def _has_room(self, batch: list[_Window]) -> bool:
        if not batch:
            return True
        return len(batch) < self._batches.get(batch[0].call.size, self._max_batch)

    def _gather(self, batch: list[_Window]) -> None:
        """Go round the lines and take one window of the batch's size from each, until it is full.

        The first line whose turn it is decides the size. Lines that gave go to the end.
        """
        gave = True
        while gave and self._has_room(batch):
            gave = False
            for ticket in list(self._lines):
                line = self._lines[ticket]
                if not ticket.alive:
                    self._drop(ticket)
                    continue
                if not self._has_room(batch):
                    break
                if batch and line[0].call.size != batch[0].call.size:
                    continue
                batch.append(line.popleft())
                gave = True
                self._lines.move_to_end(ticket)
                if not line:
                    del self._lines[ticket]

    def _drop(self, ticket: Ticket) -> None:
        """Forget the windows of a request that nobody waits for; its thread wakes up."""
        for window in self._lines.pop(ticket):
            window.call.done.set()

    def _fail_all(self) -> None:
        for line in self._lines.values():
            for window in line:
                window.call.fail(EngineError("the lane was closed"))
        self._lines.clear()


class LaneClient:
    """One request's way into the lane. Calling it is `Infer`.

    Attributes:
        queue_s: Seconds its windows waited for their first run.
        infer_s: Seconds from first runs to answers.
    """

    def __init__(self, lane: Lane, ticket: Ticket) -> None:
        self._lane = lane
        self._ticket = ticket
        self.queue_s = 0.0
        self.infer_s = 0.0

    def __enter__(self) -> "LaneClient":
        self._lane.enter()
        return self

    def __exit__(self, *_: object) -> None:
        self._lane.leave(self._ticket)

    def __call__(self, images: Images, holes: Holes) -> Images:
        """Predict windows; shapes as in `Engine.infer`. Blocks until done.

        Raises:
            DeadlinePassed, ClientGone: as the request's ticket says.
            InferenceFailed: the engine failed.
        """
        self._ticket.check()
        call = self._lane.submit(self._ticket, images, holes)
        call.done.wait(max(0.0, self._ticket.remaining_s))
        self._count(call)
        if call.error is not None:
            raise InferenceFailed("the model failed on this image") from call.error
        if call.missing:
            self._ticket.check()
            raise self._ticket.passed()
        return call.predictions

    def _count(self, call: _Call) -> None:
        now = time.perf_counter()
        started = now if call.started is None else call.started
        self.queue_s += started - call.submitted
        self.infer_s += now - started

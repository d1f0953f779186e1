"""Lanes whose engine runs when a test says so, and the requests that come to them."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from service.engine.dummy import IdentityEngine
from service.queueing.lane import Lane
from service.ticket import Ticket

SIZES = (8, 16)


class GatedEngine(IdentityEngine):
    """Identity, but every run waits for its gate and is noted by its windows' first samples."""

    def __init__(self, runs: int = 1) -> None:
        super().__init__(SIZES)
        self._info = replace(self._info, runs=runs)
        self.gate = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.runs: list[list[int]] = []

    def infer(self, images, holes):
        self.begun.release()
        assert self.gate.acquire(timeout=30)
        self.runs.append(images[:, 0, 0, 0].tolist())
        return super().infer(images, holes)


def windows(value: int, count: int = 1, size: int = 8):
    images = np.full((count, size, size, 3), value, np.uint8)
    return images, np.zeros((count, size, size), np.bool_)


class Request:
    """One request in its own thread."""

    def __init__(self, lane: Lane, images, holes, ticket: Ticket | None = None) -> None:
        self.ticket = ticket or Ticket(30)
        self.images = images
        self.outcome: object = None
        self._thread = threading.Thread(target=self._run, args=(lane, images, holes))
        self._thread.start()

    def _run(self, lane: Lane, images, holes) -> None:
        with lane.client(self.ticket) as client:
            try:
                self.outcome = client(images, holes)
            except Exception as error:
                self.outcome = error

    def join(self) -> object:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.outcome


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not happen within 30 s")


def blocked_lane(start, engine, **options) -> tuple[Lane, Request]:
    """A lane whose engine is busy with a first request of value 0, so that others queue up."""
    lane = start(engine, **options)
    first = Request(lane, *windows(0))
    assert engine.begun.acquire(timeout=30)
    return lane, first

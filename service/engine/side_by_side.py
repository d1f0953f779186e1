"""Runs that overlap on the processors: one alone has all threads, else they share them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import onnxruntime

MAX_RUNS = 4


def runs_for(threads: int) -> int:
    """How many runs should be under way at once on so many threads.

    Threads of one run wait for each other at every operation, so that several runs of one thread
    each fill more windows a second (`benchmarks.overlap`, measured on two cores).
    """
    return max(1, min(MAX_RUNS, threads))


def threads_beside(threads: int, runs: int) -> int:
    """Threads of the session whose runs overlap.

    Each run brings its caller's thread; the others, one less than a session is opened with, serve
    all of its runs.
    """
    return threads - runs + 1


class SideBySide:
    """Two sessions of one model. Thread safe.

    Args:
        alone: Has all threads; takes a run while there is no other, so that it ends sooner.
        beside: Shares the threads among its runs; takes those that start beside another. None
            where runs do not overlap.
    """

    def __init__(
        self, alone: onnxruntime.InferenceSession, beside: onnxruntime.InferenceSession | None
    ) -> None:
        self._alone = alone
        self._beside = beside
        self._lock = threading.Lock()
        self._running = 0

    def run(self, outputs: Sequence[str], feed: dict[str, Any]) -> Any:
        """As `InferenceSession.run`."""
        with self._session() as session:
            return session.run(outputs, feed)

    @contextmanager
    def _session(self) -> Iterator[onnxruntime.InferenceSession]:
        with self._lock:
            self._running += 1
            beside = self._running > 1 and self._beside is not None
        try:
            yield self._beside if beside else self._alone
        finally:
            with self._lock:
                self._running -= 1

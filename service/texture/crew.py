"""Threads that help with work made of independent pieces."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar, cast

First = TypeVar("First")
Second = TypeVar("Second")


class Crew:
    """A few threads shared by all who ask. Thread safe.

    Whoever asks works too and waits only for pieces that are under way, so that pieces may ask for
    help themselves, and nobody waits for helpers who are busy elsewhere.

    Args:
        threads: How many work at once, the asking one included.
        initializer: Called by each new thread first.
    """

    def __init__(self, threads: int = 1, initializer: Callable[[], object] | None = None) -> None:
        self.threads = threads
        self._pool = (
            ThreadPoolExecutor(threads - 1, "texture", initializer) if threads > 1 else None
        )
        self._lock = threading.Lock()
        self._at_work = 0

    @contextmanager
    def present(self) -> Iterator[None]:
        """Count the calling thread, for the block, among those at work.

        Whoever is at work on a photo of its own needs no helpers where all the others are too:
        asking for them in vain costs more than it brings.
        """
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1

    def run(self, piece: Callable[[int], None], count: int) -> None:
        """Do `piece(0)` to `piece(count - 1)`, in any order, some at once.

        What a piece raises is raised here; the pieces not begun by then are left.
        """
        if self._pool is None or count < 2 or self._at_work >= self.threads:
            for index in range(count):
                piece(index)
            return
        left = iter(range(count))  # taking the next of a range is one step of the interpreter

        def work() -> None:
            try:
                for index in left:
                    piece(index)
            except BaseException:
                for _ in left:
                    pass
                raise

        helpers = [self._pool.submit(work) for _ in range(min(count, self.threads) - 1)]
        try:
            work()
        finally:
            begun = [helper for helper in helpers if not helper.cancel()]
            failures = [helper.exception() for helper in begun]
        for failure in failures:
            if failure is not None:
                raise failure

    def both(
        self, first: Callable[[], First], second: Callable[[], Second]
    ) -> tuple[First, Second]:
        """The results of two pieces, done at once where there is somebody to help."""
        results: dict[int, object] = {}

        def piece(index: int) -> None:
            results[index] = second() if index else first()

        self.run(piece, 2)
        return cast("First", results[0]), cast("Second", results[1])

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

"""How much of a device falls to each of the runs that overlap on it."""

import threading
import time
from collections.abc import Callable


class ShareClock:
    """Runs at the pace of time over the number of runs under way. Thread safe.

    Two runs that take a second side by side cost half a second of the device each: so much later
    everything behind them comes.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._running = 0
        self._last = 0.0
        self._share_s = 0.0

    def start(self) -> float:
        """A run starts; returns what `stop` wants to know."""
        with self._lock:
            self._advance()
            self._running += 1
            return self._share_s

    def stop(self, started: float) -> float:
        """A run ends; returns its share in seconds."""
        with self._lock:
            self._advance()
            self._running -= 1
            return self._share_s - started

    def _advance(self) -> None:
        now = self._clock()
        if self._running:
            self._share_s += (now - self._last) / self._running
        self._last = now

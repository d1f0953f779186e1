"""When a server that drains closes its listeners.

Not before balancers have seen that it drains, and not while jobs are at work: nobody holds a
connection for them, and their results can only be fetched as long as somebody listens.
"""

import time
from collections.abc import Callable


class Drain:
    """The time between the signal to stop and closing the listeners.

    Args:
        jobs_at_work: Says how many jobs have not ended.
        delay_s: Seconds to go on listening after the signal, and after the end of the last job.
        grace_s: Seconds after the delay in which what has been accepted may finish.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        jobs_at_work: Callable[[], int],
        delay_s: float,
        grace_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs_at_work = jobs_at_work
        self.delay_s = delay_s
        self._grace_s = grace_s
        self._clock = clock
        self._last_busy: float | None = None  # set by the signal, then by jobs at work
        self._end = 0.0

    def begin(self) -> None:
        """The signal has come."""
        self._last_busy = self._clock()
        self._end = self._last_busy + self.delay_s + self._grace_s

    @property
    def left_s(self) -> float:
        """Seconds of the grace that are left; all of it before the signal."""
        return self._grace_s if self._last_busy is None else max(0.0, self._end - self._clock())

    def is_over(self) -> bool:
        """Whether it is time to close the listeners; to be asked again and again."""
        if self._last_busy is None:
            return False
        now = self._clock()
        if self._jobs_at_work():
            self._last_busy = now
        return now >= min(self._last_busy + self.delay_s, self._end)

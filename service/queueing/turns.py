"""Whose run is next on a device that several lanes have in common.

Each network has a lane, and a lane is fair to its own requests. Were every lane to run as it likes,
the requests of a busy one would share among them what a single request of another has for itself.
So lanes take turns by what their requests have had: the next run is that of the lane whose requests
had least of the device each, which is start-time fair queueing with the number of requests as
weight (Goyal, Vin and Cheng, 1996). A lane that had nothing to run begins where the others are:
time not used is not saved up.
"""

import threading

from service.queueing.share_clock import ShareClock


class Line:
    """One lane's place among those that take turns.

    Attributes:
        runs: How many runs it wants under way at once.
        had_s: Seconds of the device that each of its requests has had, in lanes' common reckoning.
        threads: How many of its threads wait for a turn or have one.
        waiting: How many of those wait.
        closed: Whether it wants no more turns.
    """

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.had_s = 0.0
        self.threads = 0
        self.waiting = 0
        self.closed = False


class Turns:
    """The turns of one device. Thread safe.

    As many runs may be under way as the lane wants that wants most: more would only be in each
    other's way, and take memory.

    Args:
        shares: Tells how much of the device a run has.
    """

    def __init__(self, shares: ShareClock | None = None) -> None:
        self.shares = shares or ShareClock()
        self._changed = threading.Condition()
        self._lines: set[Line] = set()
        self._under_way = 0
        self._latest_s = 0.0  # what the requests of the lane had that got the latest turn

    def join(self, runs: int) -> Line:
        """A place for a lane that wants so many runs under way at once."""
        line = Line(runs)
        with self._changed:
            self._lines.add(line)
        return line

    def leave(self, line: Line) -> None:
        """The lane wants no more turns; its threads that wait for one wait no longer."""
        with self._changed:
            line.closed = True
            self._lines.discard(line)
            self._changed.notify_all()

    def take(self, line: Line) -> bool:
        """Wait for a turn, which is given back by `give_back`; False where the lane has left."""
        with self._changed:
            if not line.threads:
                line.had_s = max(line.had_s, self._latest_s)
            line.threads += 1
            line.waiting += 1
            try:
                self._changed.wait_for(lambda: line.closed or self._is_next(line))
            finally:
                line.waiting -= 1
            if line.closed:
                line.threads -= 1
                return False
            self._under_way += 1
            self._latest_s = line.had_s
            self._changed.notify_all()  # there may be room for one more
            return True

    def give_back(self, line: Line) -> None:
        """The turn is over."""
        with self._changed:
            line.threads -= 1
            self._under_way -= 1
            self._changed.notify_all()

    def charge(self, line: Line, share_s: float, requests: int) -> None:
        """A lane has had so many seconds of the device, for so many requests."""
        with self._changed:
            line.had_s += share_s / max(1, requests)

    def _is_next(self, line: Line) -> bool:
        if self._under_way >= max(other.runs for other in self._lines):
            return False
        waiting = [other.had_s for other in self._lines if other.waiting]
        return line.had_s <= min(waiting)

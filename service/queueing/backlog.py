"""How much planned work lies before the lane, and whether more of it can meet its deadline."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from service.errors import Unavailable
from service.ticket import Ticket

NEWEST = 0.2  # weight of the newest run in the moving average of a window's cost
STALE_S = 60.0  # a cost that no run has confirmed for this long is forgotten


class CostTable:
    """Seconds that a window of each size takes: from the warm-up, then from real runs.

    A size that has not run for a minute is taken to cost what it did in the warm-up: a machine that
    once stood still would else have its requests refused as too slow for ever, because refused
    requests bring no runs that show otherwise.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._warm: dict[int, float] = {}
        self._learnt: dict[int, tuple[float, float]] = {}  # cost, and when it was last confirmed

    def update(self, seconds: Mapping[int, float]) -> None:
        """Set the costs, as measured by the warm-up."""
        with self._lock:
            self._warm = dict(seconds)
            self._learnt.clear()

    def observe(self, size: int, windows: int, seconds: float) -> None:
        """Learn from a run that took so many seconds of the device."""
        with self._lock:
            cost = seconds / windows
            known = self._fresh().get(size, cost)
            self._warm.setdefault(size, cost)
            self._learnt[size] = (known + NEWEST * (cost - known), self._clock())

    def warm(self) -> dict[int, float]:
        """The costs that the warm-up measured."""
        with self._lock:
            return dict(self._warm)

    def snapshot(self) -> dict[int, float]:
        """The costs now."""
        with self._lock:
            return self._fresh()

    def price(self, sizes: Iterable[int]) -> float:
        """Seconds that windows of these sizes take together."""
        costs = self.snapshot()
        return sum(costs[size] for size in sizes)

    def _fresh(self) -> dict[int, float]:
        oldest = self._clock() - STALE_S
        learnt = {size: cost for size, (cost, at) in self._learnt.items() if at >= oldest}
        return self._warm | learnt


class Backlog:
    """Seconds of planned inference that accepted requests still need. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[Ticket, float] = {}

    @property
    def seconds(self) -> float:
        """Planned seconds in all."""
        with self._lock:
            return sum(self._seconds.values())

    def add(self, ticket: Ticket, cost_s: float) -> None:
        """Take on a plan.

        The lane serves requests in turn, so nobody is delayed by another for longer than its own
        cost.

        Raises:
            Unavailable: the plan could not be done before the ticket's deadline.
        """
        with self._lock:
            expected_s = cost_s + sum(min(cost_s, other) for other in self._seconds.values())
            if expected_s > ticket.remaining_s:
                raise Unavailable(
                    f"this image needs about {expected_s:.1f} s as busy as the service is now, and "
                    f"{max(0.0, ticket.remaining_s):.1f} s are left",
                    retry_after_s=expected_s - cost_s,
                )
            self._seconds[ticket] = cost_s

    def remain(self, ticket: Ticket, cost_s: float) -> None:
        """Say how many seconds a plan still needs."""
        with self._lock:
            self._seconds[ticket] = cost_s

    def remove(self, ticket: Ticket) -> None:
        """A plan is done or given up."""
        with self._lock:
            self._seconds.pop(ticket, None)

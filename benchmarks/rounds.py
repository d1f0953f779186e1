"""Timing in turn: every round calls everything once, so that a slow minute counts for all alike."""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Times:
    """Seconds of one thing, round by round.

    Attributes:
        wall: By the clock.
        cpu: Of this process, all threads together.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        """Median by the clock."""
        return statistics.median(self.wall)

    @property
    def cpu_s(self) -> float:
        """Median of processor time."""
        return statistics.median(self.cpu)

    def time(self, call: Callable[[], object]) -> None:
        """Call once and note the seconds."""
        start, start_cpu = time.perf_counter(), time.process_time()
        call()
        self.wall.append(time.perf_counter() - start)
        self.cpu.append(time.process_time() - start_cpu)


def in_turn(
    calls: Mapping[str, Callable[[], object]], rounds: int, budget_s: float = math.inf
) -> dict[str, Times]:
    """Time calls in turn, after one round that is not timed and warms caches.

    Args:
        calls: What to call, by name.
        rounds: How often.
        budget_s: Whatever has taken longer than this altogether is left out of later rounds.
    """
    times = {name: Times() for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            if sum(times[name].wall) <= budget_s:
                times[name].time(call)
    return times


def ratio(of: list[float], to: list[float]) -> float:
    """The median of the ratios of neighbours in time.

    Where one of the two stopped early, the rounds count that both took part in.
    """
    return statistics.median(a / b for a, b in zip(of, to, strict=False))

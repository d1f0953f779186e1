"""One network that is loaded: its engine, the lane before it, and what its windows cost."""

from collections.abc import Callable, Mapping, Sequence

from service.engine.base import Engine, EngineInfo
from service.engine.run_table import RunTable
from service.queueing.backlog import CostTable
from service.queueing.lane import Lane
from service.queueing.turns import Turns

OnRun = Callable[[str, int, int, float], None]
"""Told about each run: the network's name, the windows' size, how many they were, seconds."""


class Network:
    """One network at work.

    Args:
        name: What requests call it.
        engine: Its engine, not yet warm. Closed by `close`.
        wait_s: How long a run that is not full waits for windows of other requests at work.
        turns: Of the device, which all networks of a server share.
        on_run: Told about every run that did not fail.

    Attributes:
        name: As given.
        engine: As given.
        costs: Seconds by window size; plans are made of the sizes that it has.
        lane: Where its windows are predicted.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        *,
        wait_s: float = 0.0,
        turns: Turns | None = None,
        on_run: OnRun | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self.costs = CostTable()
        self.lane = Lane(engine, wait_s=wait_s, on_run=self._observe, turns=turns)
        self._on_run = on_run
        self._runs = RunTable({})

    @property
    def info(self) -> EngineInfo:
        """What its engine is and what it runs on."""
        return self.engine.info

    @property
    def batches(self) -> dict[int, int]:
        """Most windows of a run by size, as far as they were measured."""
        return self._runs.batches

    @property
    def later_sizes(self) -> tuple[int, ...]:
        """Window sizes that are warmed up while requests are answered already, ascending."""
        return tuple(sorted(set(self.info.window_sizes) - set(self.info.first_sizes)))

    def start(self) -> None:
        """Start its lane."""
        self.lane.start()

    def warm_up(self, sizes: Sequence[int]) -> None:
        """Measure window sizes, and plan by that from now on. Blocks.

        Sizes that were never measured are taken to cost what the nearest one's pixels do.

        Raises:
            EngineError: not even single windows can be run.
        """
        self._runs |= self.engine.warm_up(sizes)
        self.plan_by(self._runs.estimate(self.info.window_sizes), self._runs.batches)

    def warm_up_later(self, size: int) -> None:
        """As `warm_up`, while requests are answered: they wait until the size is measured."""
        with self.lane.rest():
            self.warm_up((size,))

    def plan_by(self, costs: Mapping[int, float], batches: Mapping[int, int]) -> None:
        """Plan by these seconds of a window by size, and run these batches by size."""
        self.costs.update(costs)
        self.lane.tune(batches)

    def close(self) -> None:
        """Finish the runs under way and free what the engine holds. Blocks."""
        self.lane.close()
        self.engine.close()

    def _observe(self, size: int, windows: int, seconds: float, share_s: float) -> None:
        self.costs.observe(size, windows, share_s)
        if self._on_run:
            self._on_run(self.name, size, windows, seconds)

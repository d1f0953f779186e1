"""Runs a stage: dispatches of several steps, by number of steps or by the clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import jax
import numpy as np

from training.learning import devices
from training.learning.figures import Figures
from training.learning.schedule import adversary_ramp, learning_rate
from training.learning.step import State, build_program
from training.learning.store import Store


@dataclass
class Progress:
    """How far a stage is.

    Attributes:
        stage: `training.recipe.Stage`, with `steps` or `minutes`.
        step: steps done.
        seconds: of training done.
    """

    stage: Any
    step: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """Of the stage that is done, 0 to 1."""
        return self.share_at(self.step)

    def share_at(self, step: int) -> float:
        """The share done at a step of a stage by steps; by the clock, the share done by now."""
        if self.stage.minutes is not None:
            return min(1.0, self.seconds / (60 * self.stage.minutes))
        return min(1.0, step / self.stage.steps)

    @property
    def done(self) -> bool:
        """Whether the stage is over."""
        if self.stage.minutes is not None:
            return self.seconds >= 60 * self.stage.minutes
        return bool(self.step >= self.stage.steps)


def steps_per_dispatch(stage: Any, wanted: int, steps_per_epoch: int) -> int:
    """The most steps up to `wanted` that divide epochs and the stage's last, shorter one.

    A CPU gets one: its convolutions are slower inside a loop than outside.
    """
    if jax.devices()[0].platform == "cpu":
        return 1
    common = steps_per_epoch
    if stage.minutes is None:
        common = math.gcd(steps_per_epoch, stage.steps % steps_per_epoch or steps_per_epoch)
    return max(count for count in range(1, wanted + 1) if common % count == 0)


@dataclass
class StageLoop:
    """A stage's program with what it runs on.

    Args:
        stage: `training.recipe.Stage`.
        changes: `training.recipe.Augmentation`.
        call: `training.learning.network_call.NetworkCall`.
        store: the photos.
        fixed: `masks` and `vgg`, from `training.learning.devices.put`.
        key: of all draws of the stage.
        dtype: in which VGG16 and discriminators compute.
        dispatch: steps a dispatch.
        clock: seconds.
    """

    stage: Any
    changes: Any
    call: Any
    store: Store
    fixed: dict[str, Any]
    key: Any
    dtype: Any
    dispatch: int = 1
    clock: Callable[[], float] = field(default_factory=lambda: perf_counter)
    _program: Any = field(default=None, repr=False)

    def compile(self, state: State) -> None:
        """Compile the program; may be done in a thread, before photos, masks and weights are here.

        Args:
            state: of the stage; it, and what is `fixed`, may be `jax.ShapeDtypeStruct`s.
        """
        if self._program is None:
            program = build_program(self.stage, self.changes, self.call, self.dtype)
            data = {**self.store.shapes(), **self.fixed}
            shapes = jax.tree.map(
                lambda value: jax.ShapeDtypeStruct(value.shape, value.dtype),
                (state, self.key, self._inputs(Progress(self.stage)), data),
            )
            whole = devices.everywhere()
            compiled = jax.jit(program, donate_argnums=0, in_shardings=whole, out_shardings=whole)
            self._program = compiled.lower(*shapes).compile()

    def run(
        self, state: State, progress: Progress, steps: int, shown: Callable[[Figures, int], None]
    ) -> tuple[State, Figures]:
        """Train for `steps` steps, or until the stage's time is over.

        Args:
            state: is used up.
            progress: is moved on.
            steps: a multiple of `dispatch`.
            shown: is told figures of a dispatch and its number of steps, one dispatch late: the
                device never waits.

        Returns:
            The state, and the mean of each figure over all steps.
        """
        self.compile(state)
        state, self.key = devices.put((state, self.key))
        last = progress.step + steps
        collected: list[Any] = []
        begun, before = self.clock(), progress.seconds
        while progress.step < last and not progress.done:
            data = self._data(progress.step)
            state, figures = self._program(state, self.key, self._inputs(progress), data)
            if collected:
                shown(_means(collected[-1:]), self.dispatch)
            collected.append(figures)
            progress.step += self.dispatch
            if len(collected) % 2 == 0:
                jax.block_until_ready(collected[-2])  # a clock must not run ahead of the work
            progress.seconds = before + self.clock() - begun
        jax.block_until_ready(state)
        progress.seconds = before + self.clock() - begun
        if collected:
            shown(_means(collected[-1:]), self.dispatch)
        return state, _means(collected)

    def _data(self, step: int) -> dict[str, Any]:
        return {**self.store.at(step), **self.fixed}

    def _inputs(self, progress: Progress) -> dict[str, Any]:
        numbers = list(range(progress.step, progress.step + self.dispatch))
        shares = [progress.share_at(number) for number in numbers]
        pairs = list(zip(shares, numbers, strict=True))
        return {
            "number": np.array(numbers, np.int32),
            "rate": np.array([learning_rate(self.stage, *pair) for pair in pairs], np.float32),
            "ramp": np.array([adversary_ramp(share) for share in shares], np.float32),
        }


def _means(collected: list[Any]) -> Figures:
    host = jax.device_get(collected)
    names = host[0] if host else {}
    return {name: float(np.mean([np.mean(part[name]) for part in host])) for name in names}

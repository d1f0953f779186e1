"""The progress bar of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from training.learning.loop import Progress

TERMS_EVERY = 10


class ProgressBar:
    """Share of a stage, loss terms and images per second on one line.

    Args:
        progress: of the stage, moved on by whoever trains.
        quiet: nothing is shown.
    """

    def __init__(self, progress: Progress, quiet: bool = False) -> None:
        self.progress = progress
        stage = progress.stage
        by_time = stage.minutes is not None
        self._calls = 0
        self._bar: Any = tqdm(
            total=None if by_time else stage.steps * stage.batch_size,
            initial=progress.step * stage.batch_size,
            desc=stage.name,
            unit="img",
            dynamic_ncols=True,
            disable=quiet,
        )

    def __call__(self, figures: Mapping[str, float], steps: int) -> None:
        """Move on by a dispatch."""
        self._bar.update(steps * self.progress.stage.batch_size)
        if self._calls % TERMS_EVERY == 0:
            shown = {name: f"{value:.3g}" for name, value in figures.items()}
            if self.progress.stage.minutes is not None:
                shown = {"done": f"{self.progress.share:.0%}", **shown}
            self._bar.set_postfix(shown, refresh=False)
        self._calls += 1

    def close(self) -> None:
        """Leave the line as it is."""
        self._bar.close()

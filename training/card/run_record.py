"""What a finished run left in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from training.recipe import Recipe, Stage
from training.run_folder import RunFolder

Epoch = dict[str, Any]
"""Figures by name, with `stage` (name) and `step` (counted over the whole run)."""


@dataclass(frozen=True)
class RunRecord:
    """A run, as its files tell it.

    Attributes:
        recipe: what was asked for.
        history: every epoch, in order.
        record: what `fit` noted at its end.
    """

    recipe: Recipe
    history: list[Epoch]
    record: dict[str, Any]

    def epochs(self, stage: Stage) -> list[Epoch]:
        """The epochs of a stage."""
        return [epoch for epoch in self.history if epoch["stage"] == stage.name]

    def typical(self, stage: Stage, figure: str) -> float | None:
        """Median of a figure over a stage's epochs; None where it was not logged."""
        values = [epoch[figure] for epoch in self.epochs(stage) if figure in epoch]
        return median(values) if values else None

    def borders(self) -> list[int]:
        """Steps at which stages end, counted over the whole run."""
        return [self.epochs(stage)[-1]["step"] for stage in self.recipe.stages]

    def steps(self, stage: Stage) -> int:
        """How many steps a stage made: by the clock, only the run knows."""
        borders = [0, *self.borders()]
        index = self.recipe.stages.index(stage)
        return borders[index + 1] - borders[index]

    def last_gradient_norms(self) -> dict[str, float]:
        """Gradient norm of each weighted term at the output after the last epoch, by term."""
        prefix = "gradient_norm_"
        return {
            name.removeprefix(prefix): value
            for name, value in self.history[-1].items()
            if name.startswith(prefix)
        }


def read_run(root: Path) -> RunRecord:
    """Read a run's folder.

    Raises:
        ValueError: there is no finished run.
    """
    folder = RunFolder(root)
    record = folder.root / "model.json"
    for path in (folder.recipe, folder.history, record):
        if not path.is_file():
            raise ValueError(f"{root} holds no finished run: {path.name} is missing.")
    return RunRecord(
        recipe=Recipe.model_validate_json(folder.recipe.read_text()),
        history=[json.loads(line) for line in folder.history.read_text().splitlines()],
        record=json.loads(record.read_text()),
    )

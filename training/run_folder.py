"""The folder of a training run and what lies in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tensorboard.summary import Writer

from training.recipe import Recipe

Inputs = Mapping[str, str | None]


class RunFolder:
    """Paths of a run's files, and its log.

    `recipe.json` what was asked for, `inputs.json` what it was done with, `state.npz` the last
    checkpoint, `model.keras` the network, `discriminator.npz` the discriminator where a stage had
    one, `history.jsonl` and `tensorboard/` the curves, `samples/` the sheets.

    Args:
        root: the folder; made where it does not exist.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.recipe = self.root / "recipe.json"
        self.inputs = self.root / "inputs.json"
        self.state = self.root / "state.npz"
        self.model = self.root / "model.keras"
        self.discriminator = self.root / "discriminator.npz"
        self.history = self.root / "history.jsonl"

    def start(self, recipe: Recipe, inputs: Inputs) -> None:
        """Begin a new run.

        Args:
            recipe: what is asked for.
            inputs: what else decides the result, such as a digest of the photos.

        Raises:
            FileExistsError: a run is there already.
        """
        self.check_free()
        self.root.mkdir(parents=True, exist_ok=True)
        self.inputs.write_text(json.dumps(inputs, indent=2) + "\n")
        self.recipe.write_text(recipe.model_dump_json(indent=2) + "\n")

    def check_free(self) -> None:
        """Make sure that no run is here.

        Raises:
            FileExistsError: there is one.
        """
        if self.state.exists() or self.recipe.exists():
            raise FileExistsError(
                f"{self.root} holds a run already: go on with --resume, or name another folder."
            )

    def resume(self, recipe: Recipe, inputs: Inputs) -> bool:
        """Go on with the run that is here; whether it has a checkpoint to start from.

        Raises:
            FileNotFoundError: there is no run here.
            ValueError: the run was started with another recipe or other inputs.
        """
        if not self.recipe.exists():
            raise FileNotFoundError(f"No run to resume in {self.root}.")
        if Recipe.model_validate_json(self.recipe.read_text()) != recipe:
            raise ValueError(f"The run in {self.root} was started with another recipe.")
        before = json.loads(self.inputs.read_text())
        changed = [name for name in inputs if inputs[name] != before.get(name)]
        if changed:
            raise ValueError(f"The run in {self.root} was started with other {', '.join(changed)}.")
        return self.state.exists()

    def forget_after(self, step: int) -> None:
        """Drop epochs from the history that were logged but not saved before a kill."""
        lines = self._lines()
        kept = [line for line in lines if json.loads(line)["step"] <= step]
        if len(kept) < len(lines):
            self.history.write_text("".join(f"{line}\n" for line in kept))

    def seconds(self) -> float:
        """Seconds of training so far, over all processes that worked on the run."""
        return sum(json.loads(line)["seconds"] for line in self._lines())

    def _lines(self) -> list[str]:
        return self.history.read_text().splitlines() if self.history.exists() else []

    def sheet(self, stage: str, step: int) -> Path:
        """Where the sample sheet of a step goes."""
        return self.root / "samples" / f"{stage}-{step:07d}.png"

    def log(self, stage: str, step: int, figures: Mapping[str, float]) -> None:
        """Add an epoch's figures to the history and to TensorBoard."""
        with self.history.open("a") as file:
            file.write(json.dumps({"stage": stage, "step": step, **figures}) + "\n")
        writer = Writer(str(self.root / "tensorboard"))
        for name, value in figures.items():
            writer.add_scalar(name, value, step)
        writer.close()

"""The progress bar of training."""

from __future__ import annotations

from typing import Any

import keras
from tqdm import tqdm


class ProgressBar(keras.callbacks.Callback):
    """Steps, loss terms and images per second on one line.

    Args:
        title: what stands before the bar.
        steps: how many there will be.
        batch_size: images a step.
    """

    def __init__(self, title: str, steps: int, batch_size: int) -> None:
        super().__init__()
        self.title = title
        self.steps = steps
        self.batch_size = batch_size

    def on_train_begin(self, logs: Any = None) -> None:
        self.bar = tqdm(
            total=self.steps * self.batch_size, desc=self.title, unit="img", dynamic_ncols=True
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.bar.update(self.batch_size)
        # Reading the terms waits for the accelerator: not at every step.
        if batch % 10 == 0 or batch == self.steps - 1:
            terms = {name: f"{float(value):.3g}" for name, value in (logs or {}).items()}
            self.bar.set_postfix(terms, refresh=False)

    def on_train_end(self, logs: Any = None) -> None:
        self.bar.close()

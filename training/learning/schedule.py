"""Learning rate and the adversary's part over a stage, by the share of it that is done."""

from __future__ import annotations

import math
from typing import Any

RAMP_SHARE = 0.1
"""Of a stage, over which the adversary's weight grows from 0: the discriminator learns first."""


def learning_rate(stage: Any, share: float, step: int) -> float:
    """From the first rate to the last along a cosine, times linear growth over the warm-up.

    Args:
        stage: `training.recipe.Stage`.
        share: of the stage that is done, 0 to 1.
        step: steps done in the stage.
    """
    first = float(stage.learning_rate)
    last = first if stage.final_learning_rate is None else float(stage.final_learning_rate)
    rate = last + (first - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    if stage.warmup_steps:
        rate *= min(1.0, (step + 1) / stage.warmup_steps)
    return rate


def adversary_ramp(share: float) -> float:
    """What the weights of adversary and heads are multiplied by, 0 to 1."""
    return min(1.0, share / RAMP_SHARE)

"""Adam as the recipes describe it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from training.recipe import Stage
from training.registration import register


@register
class AveragingAdam(keras.optimizers.Adam):
    """Adam whose moving average of weights is taken over when asked, not whenever `fit` ends."""

    def finalize_variable_values(self, var_list: list[Any]) -> None:
        """Called by `fit` at its end; a stage consists of many calls of `fit`."""

    def adopt_average(self, variables: list[Any]) -> None:
        """Overwrite the trained variables with their moving average."""
        super().finalize_variable_values(variables)
        # On JAX variable and average now hold one array, and whichever is updated first frees it.
        for variable in variables:
            variable.assign(ops.copy(variable))


def build_optimizer(stage: Stage) -> AveragingAdam:
    """Adam with the stage's schedule and moving average of weights."""
    return AveragingAdam(
        learning_rate=_schedule(stage),
        use_ema=stage.weight_average is not None,
        ema_momentum=stage.weight_average or 0.99,
    )


def _schedule(stage: Stage) -> Any:
    if stage.final_learning_rate is None and not stage.warmup_steps:
        return stage.learning_rate
    final = stage.learning_rate if stage.final_learning_rate is None else stage.final_learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if stage.warmup_steps else stage.learning_rate,
        decay_steps=max(stage.steps - stage.warmup_steps, 1),
        alpha=final / stage.learning_rate,
        warmup_target=stage.learning_rate if stage.warmup_steps else None,
        warmup_steps=stage.warmup_steps,
    )

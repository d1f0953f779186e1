"""Taking over the average of weights at the end of a stage."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from training.learning.devices import everywhere
from training.learning.step import Data, State, draw

FIRST_BATCH = 1 << 20
"""Numbers of batches that are looked at, not learnt from: far from those of any step."""
BATCHES = 50


def adopt_average(stage: Any, changes: Any, call: Any, state: State, key: Any, data: Data) -> State:
    """Replace the params by their average, with batch norm statistics that belong to it.

    Args:
        stage: `training.recipe.Stage`; where it has no average, the state comes back as it is.
        changes: `training.recipe.Augmentation`.
        call: `training.learning.network_call.NetworkCall`.
        state: at the end of the stage.
        key: of all draws of the stage.
        data: what a step draws from.
    """
    if stage.weight_average is None:
        return state
    params = [jnp.array(value) for value in state["average"]]
    if stage.norm == "frozen":
        return {**state, "params": params}

    def refresh(params: Any, stats: Any, key: Any, data: Data) -> Any:
        _, image, mask = draw(stage, changes, key, data, stage.lattice_share)
        return call(params, stats, image, mask, stage.norm)[1]

    compiled, stats = jax.jit(refresh, out_shardings=everywhere()), state["stats"]
    for number in range(FIRST_BATCH, FIRST_BATCH + BATCHES):
        stats = compiled(params, stats, jax.random.fold_in(key, number), data)
    return {**state, "params": params, "stats": stats}

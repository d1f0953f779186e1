"""What a run tells about itself, and whether it still makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

Figures = dict[str, float]


class DivergedError(ValueError):
    """Training has left the numbers."""


def in_decibels(figures: Mapping[str, float]) -> Figures:
    """Replace mean squared errors of the hole (0..1) by their PSNR."""
    return {
        name.replace("hole_mse", "hole_psnr"): (
            -10 * float(np.log10(max(value, 1e-10))) if name.endswith("hole_mse") else float(value)
        )
        for name, value in figures.items()
    }


def check_finite(stage: Any, step: int, figures: Mapping[str, float], state: Any) -> None:
    """Keep a run that has diverged from overwriting its last good checkpoint.

    Args:
        stage: `training.recipe.Stage`.
        step: that the stage has reached.
        figures: since the last checkpoint, with `loss`.
        state: of the stage.

    Raises:
        DivergedError: the loss or a number of the state is not finite.
    """
    if not np.isfinite(figures["loss"]) or not finite(state):
        raise DivergedError(
            f"Stage '{stage.name}' diverged before step {step}: the loss or a weight is not "
            "finite. Lower its learning rate; the last checkpoint is kept."
        )


def finite(state: Any) -> bool:
    """Whether every number of a tree of arrays is one."""
    return all(bool(np.isfinite(np.asarray(leaf)).all()) for leaf in jax.tree.leaves(state))

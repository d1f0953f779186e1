"""Copied pieces joined so that no step shows where they meet."""

import numpy as np
from numpy.typing import NDArray

from service.texture.crew import Crew
from service.texture.library import address, kernels
from service.texture.scale import Labels, Scale

HOLD = 0.01
"""Weight of the copied colours beside their gradients."""
RELAXATION = 1.6
SWEEPS = 40

Colours = NDArray[np.float32]
"""(rows, columns, 4) float32 of a frame, 0..255."""


def blend(scale: Scale, labels: Labels, crew: Crew) -> Colours:
    """Copy by the labels, and join the pieces in the gradient domain.

    Args:
        scale: The finest scale; its sources are copied.
        labels: Labels of the frame.
        crew: Who helps.

    Returns:
        The colours of the frame; pixels that are not filled are as in the picture.
    """
    colours = np.empty((*scale.shape, 4), np.float32)
    constants = np.empty_like(colours)
    pointer, copied = scale.pointer, address(labels)
    parts = (address(colours), address(constants))
    scale.in_blocks(
        crew,
        lambda blocks: kernels().texture_prepare(pointer, copied, HOLD, *parts, blocks),
    )
    for _ in range(SWEEPS):
        scale.apart(
            crew,
            lambda blocks: kernels().texture_relax(pointer, HOLD, RELAXATION, *parts, blocks),
        )
    return colours

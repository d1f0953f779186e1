"""Seams between copied pieces moved to where they show least."""

import ctypes

import numpy as np

from service.texture.crew import Crew
from service.texture.library import BlocksStruct, CleaningStruct, address, kernels
from service.texture.scale import Labels, Scale

SWEEPS = 8
SEAM = 20.0
"""Price of a neighbour with another offset, in squared levels: seams are short."""
MISSING = 400.0
"""Price of a source whose own neighbour is not known, so that nothing continues it."""


def clean(scale: Scale, labels: Labels, crew: Crew) -> None:
    """Let hole pixels take over their neighbours' offsets where that lowers the seams' cost.

    Sweeps go forwards and backwards by turns until nothing changes, `SWEEPS` at most.

    Args:
        scale: The finest scale, with its guide.
        labels: Labels of the frame, changed in place.
        crew: Who helps.
    """
    cleaning = CleaningStruct(SEAM, MISSING)
    stirred = np.ones(scale.shape, np.uint8)
    pointer, passed = scale.pointer, ctypes.byref(cleaning)
    parts = (address(labels), address(stirred))
    for sweep in range(SWEEPS):
        changes: list[int] = []

        def work(blocks: BlocksStruct, sweep: int = sweep, changes: list[int] = changes) -> None:
            changes.append(kernels().texture_clean(pointer, passed, *parts, sweep % 2, blocks))

        scale.apart(crew, work)
        if not sum(changes):
            break

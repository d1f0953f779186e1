"""Seams between copied pieces moved to where they show least."""

import ctypes

from service.texture.crew import Crew
from service.texture.library import CleaningStruct, address, kernels
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
    pointer, passed, written = scale.pointer, ctypes.byref(cleaning), address(labels)
    for sweep in range(SWEEPS):
        changes: list[int] = []

        def work(first: int, last: int, sweep: int = sweep, changes: list[int] = changes) -> None:
            changes.append(
                kernels().texture_clean(pointer, passed, written, sweep % 2, first, last)
            )

        scale.apart(crew, work)
        if not sum(changes):
            break

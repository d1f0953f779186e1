"""How often each photo is drawn, by the source that its file name tells."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from training.recipe import Source

logger = logging.getLogger(__name__)


def photo_weights(names: Sequence[str], sources: Sequence[Source]) -> NDArray[np.float64]:
    """Weight of each photo: of the first source whose pattern its name matches, 1 without one.

    A pattern that matches nothing is warned about: the recipe may be meant for other photos.

    Args:
        names: file names of the photos.
        sources: in the order in which they are tried.

    Returns:
        One weight a name, 0 or more.

    Raises:
        ValueError: every photo has weight 0.
    """
    chosen = [_first_match(name, sources) for name in names]
    for number in sorted(set(range(len(sources))) - set(chosen)):
        logger.warning("No photo takes its weight from source '%s'.", sources[number].pattern)
    weights = np.array([1.0 if number is None else sources[number].weight for number in chosen])
    if not weights.any():
        raise ValueError("The sources' weights leave no photo to train on.")
    return weights


def _first_match(name: str, sources: Sequence[Source]) -> int | None:
    matches = (i for i, source in enumerate(sources) if fnmatchcase(name, source.pattern))
    return next(matches, None)

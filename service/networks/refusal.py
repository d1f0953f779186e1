"""Why a network cannot be served, in words that may be shown, and for how long that holds."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from service.engine.base import EngineError

logger = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int], ...]
"""Changes when a network's file does, or one beside it."""

Check = Callable[[Path], None]
"""Looks at the header of a network's file; raises `EngineError` where it cannot be served."""


class Refusal(NamedTuple):
    """Why a network cannot be served.

    Attributes:
        words: The reason, without the folders of this machine.
        stamp: The stamp of the files that it holds for.
        until: When it ends at the latest, in seconds of the pool's clock.
    """

    words: str
    stamp: Stamp
    until: float = float("inf")


def examine(name: str, file: Path, check: Check) -> Refusal | None:
    """Look at a file that is not loaded yet; why it cannot be served, if it cannot."""
    stamp = stamp_of(file)
    try:
        check(file)
    except (EngineError, OSError) as error:
        logger.warning("%s is not served: %s", name, error)
        return Refusal(public(error, name, file), stamp)
    return None


def public(error: Exception, name: str, file: Path) -> str:
    """The reason in words that may be shown, without the folders of this machine."""
    if not isinstance(error, EngineError):
        return f"the model {name} cannot be loaded; the service's log says why"
    return str(error).replace(f"{file.parent}/", "")


def stamp_of(file: Path) -> Stamp:
    """Of a file and of those beside it that share its stem: variants, and what describes it."""
    return tuple(filter(None, map(_seen, sorted(file.parent.glob(f"{file.stem}.*")))))


def _seen(file: Path) -> tuple[str, int, int] | None:
    try:
        stat = file.stat()
    except OSError:  # taken away in this moment
        return None
    return file.name, stat.st_mtime_ns, stat.st_size

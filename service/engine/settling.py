"""From what a file may be to what it is: the coding to run it with, and its traits."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from service.engine.base import EngineError, in_full
from service.engine.coding import Coding
from service.engine.model_file import ModelFile
from service.engine.probe import Answer, Finding, probe
from service.engine.sidecar import sidecar_of
from service.engine.signatures import KNOWN
from service.traits import Traits

logger = logging.getLogger(__name__)


def settle(file: ModelFile, configured: Sequence[int], answer: Answer) -> tuple[Coding, Traits]:
    """Settle what a file's header leaves open; our own networks are not run for that.

    Where nothing is left open, because its owner said everything, the runs only check it, and a
    poor result is a warning: the owner knows the network, and some do fill no flat colours.

    Args:
        file: The file.
        configured: Window sizes that the settings ask for.
        answer: Runs it.

    Raises:
        EngineError: it cannot be told; says what was found and what would tell.
    """
    codings = file.runnable(configured)
    if file.ours:
        return codings[0], file.traits(codings[0])
    found = _found(file, codings, configured, answer)
    if not found.bearable and len(codings) > 1:
        raise _untold(
            file,
            f"of {len(codings)} ways to run it none fills a hole like its surroundings; the best "
            f"one, {found.coding}, is off by {found.off:.0f} of 255 levels",
        )
    log = logger.info if found.bearable else logger.warning
    log(
        "%s runs as %s: a hole in flat and striped pictures came out %s",
        file.path,
        found.coding,
        "well" if found.bearable else f"{found.off:.0f} levels off, is that so?",
        extra={"levels_off": round(found.off, 1), "predicts_known": found.predicts_known},
    )
    traits = file.traits(found.coding)
    if not file.states("predicts_known"):
        traits = replace(traits, predicts_known=found.predicts_known)
    return found.coding, traits


def _found(
    file: ModelFile, codings: Sequence[Coding], configured: Sequence[int], answer: Answer
) -> Finding:
    try:
        return probe(codings, lambda one: file.window_sizes(one, configured)[0], answer)
    except EngineError as error:
        logger.warning("%s cannot be told: %s", file.path, in_full(error))
        raise _untold(file, str(error)) from error


def _untold(file: ModelFile, reason: str) -> EngineError:
    known = "; ".join(map(str, KNOWN.values()))
    return EngineError(
        f"{file.path} cannot be served, because its signature cannot be told: {reason}. It has "
        f"{file.outline}. Known signatures are {known}. Whoever knows it can say so in "
        f"{sidecar_of(file.path).name} beside it: signature, mask, output"
    )

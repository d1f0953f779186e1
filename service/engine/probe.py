"""What a header does not tell, told by runs: a flat and a striped picture with a small hole.

Colours differ by channel, and what lies under the hole contradicts them, so that a wrong range,
polarity, order of colours or layout shows: the hole does not come out as its surroundings are.
A large network takes a second a run, so the likeliest coding is tried first, and where it does well
on both pictures it is taken without trying the others. Ranges of the output are compared on one
and the same run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.engine.base import EngineError
from service.engine.coding import Coding, Feed

WELL = 12.0
"""Levels by which the worst channel of the hole may be off for a coding to be taken at once. The
bundled network, given and read in each of these ways, is off by 3 to 6; in wrong ones by 80."""

BEARABLE = 32.0
"""Levels by which it may be off at all: a network that knows but faces paints no flat colour."""

ALIKE = 4.0
"""Colours that differ by fewer levels are the same, as far as choosing goes."""

PASTED = 0.9
"""Where at least this share of the known pixels comes back within a level, they are copies. Of the
bundled network's it is 0.16 at most."""

HOLE_SHARE = 8  # sides of windows to sides of holes
PERIODS = 16  # of stripes in a window, so that two are in the hole
FLAT = (208, 112, 48)
STRIPES = ((32, 208, 96), (96, 144, 224))
UNDER = (16, 240, 176)

Answer = Callable[[str, Feed], NDArray[Any]]
"""Runs a network: name of the output and inputs by name, to the output."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found.

    Attributes:
        coding: How windows are to be given to the network.
        off: Levels by which the hole's worst channel came out other than its surroundings.
        predicts_known: Whether the network predicts known pixels, and does not copy them.
        colours: Mean colours of the holes, for comparing findings.
    """

    coding: Coding
    off: float
    predicts_known: bool
    colours: tuple[NDArray[np.float64], ...]

    @property
    def bearable(self) -> bool:
        """Whether the network fills holes at all when it is run so."""
        return self.off <= BEARABLE


def probe(codings: Sequence[Coding], size_of: Callable[[Coding], int], answer: Answer) -> Finding:
    """Find out which of several codings a network really has.

    Args:
        codings: Those that come into question, the likeliest first.
        size_of: Side in pixels of the window to try a coding on.
        answer: Runs the network.

    Returns:
        The best one, which need not be bearable.

    Raises:
        EngineError: no coding can be run, or several do as well and give different pictures.
    """
    findings: list[Finding] = []
    errors: list[EngineError] = []
    for alike in _encodings(codings):
        try:
            findings.append(_try(alike, size_of(alike[0]), answer))
        except EngineError as error:
            errors.append(error)
            continue
        if findings[-1].off <= WELL:
            break
    if not findings:
        raise errors[0]
    best = min(findings, key=lambda finding: finding.off)
    rivals = [str(each.coding) for each in findings if _rivals(each, best)]
    if best.bearable and rivals:
        raise EngineError(f"{best.coding} and {' and '.join(rivals)} fill holes equally well")
    return best


def _encodings(codings: Sequence[Coding]) -> list[list[Coding]]:
    """Codings by what the network is fed; of each signature the documented mask first."""

    def kind(coding: Coding) -> tuple[int, int]:
        names = [each.signature.name for each in codings]
        return coding.signature.masks.index(coding.mask), names.index(coding.signature.name)

    return [list(alike) for _, alike in groupby(sorted(codings, key=kind), key=kind)]


def _try(codings: Sequence[Coding], size: int, answer: Answer) -> Finding:
    """Run the flat picture, and the striped one if that went well; the best range counts.

    Raises:
        EngineError: the network cannot be run so.
    """
    hole = _hole(size)
    flat, striped = np.full((size, size, 3), FLAT, np.uint8), _striped(size)
    best = min(
        (
            Finding(
                coding, _off(picture, hole), _predicts(picture, flat, hole), (_in(picture, hole),)
            )
            for coding, picture in _pictures(codings, flat, hole, answer)
        ),
        key=lambda finding: finding.off,
    )
    if not best.bearable:
        return best
    ((_, picture),) = _pictures([best.coding], striped, hole, answer)
    mean = _in(picture, hole)
    return replace(
        best,
        off=max(best.off, float(np.abs(mean - _in(striped, ~hole)).max())),
        predicts_known=best.predicts_known and not _copies(picture, striped, hole),
        colours=(*best.colours, mean),
    )


def _pictures(
    codings: Sequence[Coding], image: Image, hole: Hole, answer: Answer
) -> list[tuple[Coding, Image]]:
    """One run, read in the range of each coding."""
    shown = np.where(hole[..., np.newaxis], np.array(UNDER, np.uint8), image)
    feed = codings[0].encode(shown[np.newaxis], hole[np.newaxis])
    output = answer(codings[0].output.name, feed)
    return [(coding, coding.decode(output, shown[np.newaxis].shape)[0]) for coding in codings]


def _off(picture: Image, hole: Hole) -> float:
    """Mean error of the worst channel in the hole of the flat picture."""
    return float(np.abs(picture[hole] - np.array(FLAT, np.float64)).mean(axis=0).max())


def _predicts(picture: Image, flat: Image, hole: Hole) -> bool:
    """Whether known pixels come out at all."""
    error = np.abs(picture[~hole].astype(np.float64) - flat[~hole]).mean()
    return bool(error <= BEARABLE)


def _copies(picture: Image, image: Image, hole: Hole) -> bool:
    """Whether known pixels come back, but for rounding."""
    error = np.abs(picture[~hole].astype(np.int16) - image[~hole])
    return bool((error <= 1).all(axis=1).mean() >= PASTED)


def _in(picture: Image, part: Hole) -> NDArray[np.float64]:
    return np.asarray(picture[part].mean(axis=0), np.float64)


def _rivals(finding: Finding, best: Finding) -> bool:
    """Whether a finding is about as good as the best one and another picture."""
    close = finding.off <= 2 * best.off + ALIKE
    pairs = zip(finding.colours, best.colours, strict=False)
    return close and any(np.abs(one - other).max() > ALIKE for one, other in pairs)


def _hole(size: int) -> Hole:
    side = max(1, size // HOLE_SHARE)
    hole = np.zeros((size, size), np.bool_)
    start = (size - side) // 2
    hole[start : start + side, start : start + side] = True
    return hole


def _striped(size: int) -> Image:
    width = max(1, size // (2 * PERIODS))
    which = np.arange(size) // width % len(STRIPES)
    return np.broadcast_to(np.array(STRIPES, np.uint8)[which], (size, size, 3)).copy()

"""What a mask means: the one place where polarity is decided.

At the API white is hole. What people send is not always white on black, and a mask that marks
nothing by the letter used to come back as the photo unchanged. The rules, first match first:

| The mask | The hole |
| --- | --- |
| nothing visible: all black or all transparent | none |
| the photo itself, partly transparent | where it is transparent |
| something above 127 | where the brightest channel, laid over black, is above 127 |
| shape in the transparency only: strokes of any colour | where alpha is above half of its most |
| 0 and one other value, or palette index | where it is not 0 |
| several values, none above 127 (label ids, faint strokes) | refused |
| strokes on transparency that would cover most of the picture | refused: they are seldom meant |
"""

from collections.abc import Callable

import numpy as np

from service.arrays import Grey, Hole
from service.errors import InvalidRequest
from service.imaging.mask_planes import MaskPlanes

THRESHOLD = 127
"""A pixel is hole where its brightest channel, laid over black, is above this."""

OPAQUE_FROM = 128
"""Where transparency marks the hole, a pixel is hole if its alpha is below this."""

MOST = 0.5
"""Strokes on transparency that cover more than this share of a picture are asked about."""

VALUES_TOLD = 6


def meant_hole(planes: MaskPlanes, *, invert: bool, is_photo: Callable[[], bool]) -> Hole:
    """The hole that a mask means.

    Args:
        planes: The mask.
        invert: What would be kept is the hole, and what would be hole is kept.
        is_photo: Whether the mask's opaque pixels show the photo itself; asked only where that
            can matter.

    Returns:
        (H, W) bool, True is hole.

    Raises:
        InvalidRequest: what is meant cannot be told; says what was found and what to send.
    """
    if planes.alpha is not None and _has_shape(planes.alpha) and is_photo():
        hole: Hole = planes.alpha < OPAQUE_FROM
    else:
        hole = _marked(planes)
        if planes.alpha is not None and not invert:
            _refuse_most(hole)
    return ~hole if invert else hole


def _marked(planes: MaskPlanes) -> Hole:
    """What is painted: white over black, or whatever else there is if nothing is white."""
    threshold = THRESHOLD
    shown = planes.bright
    if shown.max() <= THRESHOLD:
        if planes.alpha is None or not _has_shape(planes.alpha):
            return _label(shown if planes.labels is None else planes.labels)
        shown = planes.alpha
        threshold = int(shown.max()) // 2
    marked: Hole = shown > threshold
    return marked


def _has_shape(alpha: Grey) -> bool:
    """Whether alpha tells one part of a picture from another."""
    return 2 * int(alpha.min()) <= int(alpha.max()) and int(alpha.max()) > 0


def _label(values: Grey) -> Hole:
    """Where a mask of 0 and at most one other value is not 0."""
    present = np.flatnonzero(np.bincount(values.ravel(), minlength=256))
    if len(present) == 1 or (len(present) == 2 and present[0] == 0):
        label: Hole = values != 0
        return label
    told = ", ".join(str(value) for value in present[:VALUES_TOLD])
    more = ", ..." if len(present) > VALUES_TOLD else ""
    raise InvalidRequest(
        f"nothing in the mask is brighter than {THRESHOLD}, which would mark a hole; it has "
        f"{len(present)} values ({told}{more}), and which of them is the hole cannot be told: "
        "send one label's mask, white (255) where the hole is and black (0) elsewhere"
    )


def _refuse_most(hole: Hole) -> None:
    share = np.count_nonzero(hole) / hole.size
    if share > MOST:
        raise InvalidRequest(
            f"the mask marks {share:.0%} of the photo, because its opaque part is the larger one; "
            "if its transparent part is the hole, add invert_mask=true; if not, send a mask "
            "without transparency: white is hole, black is kept"
        )

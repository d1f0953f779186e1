"""What a mask means: the one place where polarity is decided.

At the API white is hole. What people send is not always white on black, and a mask that marks
nothing by the letter used to come back as the photo unchanged. The rules, first match first:

| The mask | The hole |
| --- | --- |
| nothing visible: all black or all transparent | none |
| the photo itself, partly transparent | where it is transparent and the photo is not |
| strokes of any colours on transparency | where alpha is above half of its most |
| the same, of white and black | where the brightest channel, laid over black, is above 127 |
| something above 127 | where the brightest channel is above 127 |
| 0 and one other value, or palette index | where it is not 0 |
| several values, none above 127 (label ids, faint strokes) | refused |
| strokes on transparency that would cover most of the picture | refused: they are seldom meant |

Inverted, hole and known change places; an opaque mask without anything at or below 127 then goes by
its values in the same way, counted from 255.
"""

from collections.abc import Callable

import cv2
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

BLACK = 32
"""Strokes no brighter than this are black."""

BLACK_AND_WHITE = 0.8
"""Strokes of which at least this share is black or above the threshold, and some of either, are a
mask of white on black that does not fill its canvas."""

VALUES_TOLD = 6


def meant_hole(planes: MaskPlanes, *, invert: bool, erased: Callable[[], Hole | None]) -> Hole:
    """The hole that a mask means.

    Args:
        planes: The mask.
        invert: What would be kept is the hole, and what would be hole is kept.
        erased: What is erased of the photo, if the mask's opaque pixels show the photo itself;
            asked only where that can matter.

    Returns:
        (H, W) bool, True is hole.

    Raises:
        InvalidRequest: what is meant cannot be told; says what was found and what to send.
    """
    if planes.alpha is not None and _has_shape(planes.alpha):
        hole = erased()
        if hole is None:
            return _strokes(planes.bright, planes.alpha, invert=invert)
        return ~hole if invert else hole
    return _opaque(planes, invert=invert)


def _has_shape(alpha: Grey) -> bool:
    """Whether alpha tells one part of a picture from another."""
    return 2 * int(alpha.min()) <= int(alpha.max()) and int(alpha.max()) > 0


def _strokes(bright: Grey, alpha: Grey, *, invert: bool) -> Hole:
    """What is drawn on transparency."""
    drawn: Hole = alpha > int(alpha.max()) // 2
    values = cv2.calcHist([bright], [0], drawn.view(np.uint8), [256], [0, 256]).ravel()
    black, white = values[: BLACK + 1].sum(), values[THRESHOLD + 1 :].sum()
    if min(black, white) > 0 and black + white >= BLACK_AND_WHITE * values.sum():
        drawn = bright > THRESHOLD
    hole = ~drawn if invert else drawn
    if not invert:
        _refuse_most(hole, "if its transparent part is the hole, add invert_mask=true; if not, ")
    elif white == 0:  # "black is hole", and what is not black is the canvas
        _refuse_most(hole, "strokes of any colour are filled without invert_mask; else ")
    return hole


def _refuse_most(hole: Hole, cure: str) -> None:
    share = np.count_nonzero(hole) / hole.size
    if share > MOST:
        raise InvalidRequest(
            f"the mask marks {share:.0%} of the photo, going by its transparency; {cure}send a "
            "mask without transparency: white is hole, black is kept"
        )


def _opaque(planes: MaskPlanes, *, invert: bool) -> Hole:
    """White on black, or what else there is where nothing is white."""
    bright = planes.bright
    if bright.max() <= THRESHOLD:
        hole = _label(_values(planes))
        return ~hole if invert else hole
    if invert and bright.min() > THRESHOLD:
        return _label(~bright)
    marked: Hole = bright > THRESHOLD
    return ~marked if invert else marked


def _values(planes: MaskPlanes) -> Grey:
    """What tells labels apart: brightness, or the palette's indices where they all look alike."""
    same = planes.bright.min() == planes.bright.max()
    if planes.labels is None or not same or planes.labels.min() == planes.labels.max():
        return planes.bright
    return planes.bright if planes.alpha is not None else planes.labels


def _label(values: Grey) -> Hole:
    """Where a mask of 0 and at most one other value is not 0."""
    present = np.flatnonzero(np.bincount(values.ravel(), minlength=256))
    if len(present) == 1 or (len(present) == 2 and present[0] == 0):
        label: Hole = values != 0
        return label
    told = ", ".join(str(value) for value in present[:VALUES_TOLD])
    more = ", ..." if len(present) > VALUES_TOLD else ""
    raise InvalidRequest(
        f"nothing in the mask is clearly white on black; it has {len(present)} values "
        f"({told}{more}), and which of them is the hole cannot be told: send one label's mask, "
        "white (255) where the hole is and black (0) elsewhere"
    )

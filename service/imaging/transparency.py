"""Transparency as a part of the picture: what it hides is not known, and in the hole it is filled.

A cut-out's pixels of alpha 0 hold whatever colours the program that cut them left there, black as a
rule: shown to a network they bleed into the fill. And where a hole lies over the edge of a cut-out,
the edge has to go on in it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from service.arrays import Grey, Hole, Image
from service.inpainting.boxes import Box, extent
from service.inpainting.plans import Plan, owned

OPAQUE = 255

OPAQUE_FROM = 128
"""Pixels of at least this alpha are seen rather than erased."""

SOFT_EDGE, RING_DEPTHS = 8, 2.0
"""How far an eraser's soft ring reaches beyond its hole: pixels, and depths of the hole."""

SEEN_AROUND = 32
"""Pixels around a group of holes in which alpha tells what it is in the hole."""

CRISP_SHARE = 0.95
"""Alpha of which at least this share is fully transparent or opaque has sharp edges."""

CRISP = 4.0
"""How much steeper edges get that a network filled, where all others are sharp."""


def unseen_pixels(hole: Hole, alpha: Grey | None) -> Hole | None:
    """What must not be shown to a network: the hole, and what transparency hides.

    Returns:
        (H, W) bool; None where nothing but the hole is hidden.
    """
    if alpha is None or alpha.min() > 0:
        return None
    unseen: Hole = hole | (alpha == 0)
    return unseen


def cover(alpha: Grey, hole: Hole) -> Box:
    """Make a hole that the photo's own transparency has marked as opaque as the photo, in place.

    A soft eraser leaves a ring around the hole that is more opaque than transparent. It belongs to
    what was erased, so the transparency that touches the hole goes with it, as far as an eraser of
    the hole's depth reaches; a photo that fades, and a shadow elsewhere, stay as they are.

    Returns:
        The smallest box that holds the hole and what went with it.
    """
    depth = cv2.distanceTransform(np.pad(hole, 1).view(np.uint8), cv2.DIST_L2, 3).max()
    reach = SOFT_EDGE + int(RING_DEPTHS * depth)
    box = extent(hole).grow(reach, reach).clip(*hole.shape)
    near, erased = alpha[box.slices], hole[box.slices]
    most = OPAQUE_FROM + np.bincount(alpha.ravel(), minlength=256)[OPAQUE_FROM:].argmax()
    _, parts = cv2.connectedComponents((near < most).view(np.uint8), connectivity=8)
    touched = np.isin(parts, np.unique(parts[erased])) & (parts > 0)
    distance = cv2.distanceTransform((~erased).view(np.uint8), cv2.DIST_L2, 3)
    covered = (touched & (distance <= reach)) | erased
    near[covered] = most
    return extent(covered).shift(box.top, box.left)


def constant_around(alpha: Grey, hole: Hole, plan: Plan) -> list[int | None]:
    """For each group of a plan, the alpha of all known pixels around it; None where it varies.

    Where nothing is known around a group it is opaque.
    """
    height, width = hole.shape
    found: list[int | None] = []
    for group in plan.groups:
        box = group.hole.grow(SEEN_AROUND, SEEN_AROUND).clip(height, width).slices
        known = alpha[box][~hole[box]]
        same = known.size == 0 or known.min() == known.max()
        found.append((int(known[0]) if known.size else OPAQUE) if same else None)
    return found


def fill_constant(alpha: Grey, hole: Hole, plan: Plan, around: Sequence[int | None]) -> None:
    """Give each group of a plan the alpha that is constant around it, in place.

    Args:
        alpha: (H, W) uint8.
        hole: (H, W) bool.
        plan: What is filled.
        around: What `constant_around` said; groups of None are left as they are.
    """
    for index, (group, value) in enumerate(zip(plan.groups, around, strict=True)):
        if value is not None:
            box = group.hole
            own = hole[box.slices] & owned(plan.owners, plan.cell, index, box)
            alpha[box.slices][own] = value


def filled_alpha(filled: Image, alpha: Grey, hole: Hole) -> Grey:
    """Alpha for a hole's pixels from what a network made of alpha as a grey picture.

    Args:
        filled: (H, W, 3) uint8, alpha three times, filled.
        alpha: (H, W) uint8, as it was.
        hole: (H, W) bool.

    Returns:
        (N,) uint8, for the N pixels of the hole in their order.
    """
    values = filled[hole].mean(axis=1, dtype=np.float32)
    sharp = np.count_nonzero(((alpha == 0) | (alpha == OPAQUE)) & ~hole)
    if sharp >= CRISP_SHARE * np.count_nonzero(~hole):
        middle = OPAQUE / 2
        values = (values - middle) * CRISP + middle
    return np.asarray(np.rint(values).clip(0, OPAQUE), np.uint8)

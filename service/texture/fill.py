"""One group of holes: the network's fill in, the photo's own texture in its place out."""

from collections.abc import Callable

import cv2
import numpy as np

from service.arrays import Hole, Image
from service.inpainting.boxes import Box, extent
from service.texture.blend import Colours, blend
from service.texture.crew import Crew
from service.texture.edges import carry_edges, find_bridges
from service.texture.labels import clean
from service.texture.pyramid import Level, pyramid
from service.texture.repetition import Repetition, find_repetition
from service.texture.scale import HOLE, KEPT, SOURCE, Labels, Pixels, Scale
from service.texture.search import REFINEMENT, STAGES, Found, search

LEAST_SIDE = 40
"""Pixels that the coarsest scale's shorter side has at least."""

MIX = 0.1
"""Share of the guide in the end: it brings back what the patches cannot hold."""

MIX_BLUR = 3.0
STRAY = 6.0
"""Levels by which guide and copy, low-passed, may lie apart beside the copy's own contrast there.
Further apart the guide gives way, or it would show through as a ghost: in a sky for one."""


def fill_texture(
    image: Image,
    hole: Hole,
    known: Hole,
    crew: Crew,
    *,
    coarser: int = 0,
    checkpoint: Callable[[], None] = lambda: None,
    seed: int = 0,
) -> Image | None:
    """Replace a fill by copies of what is known, under its guidance.

    Args:
        image: (H, W, 3) uint8 RGB, the hole filled with a guide.
        hole: (H, W) bool, what is to be filled.
        known: (H, W) bool, what may be copied; not the hole.
        crew: Who helps.
        coarser: How many of the finest scales only refine what the coarser ones found.
        checkpoint: Called between steps; stops the work by raising.
        seed: Which of many fills; each is the same every time.

    Returns:
        (H, W, 3) uint8, equal to `image` outside the hole; None where too little is known.
    """
    picture = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA), np.uint8)
    known_share, hole_share = (mask.view(np.uint8) * np.uint8(255) for mask in (known, hole))
    repetition, bridges = crew.both(
        lambda: find_repetition(Level(picture, known_share, hole_share), crew),
        lambda: find_bridges(picture, hole, known),
    )
    checkpoint()
    carry_edges(bridges, hole, known, repetition.labels, repetition.weight, repetition.scale.frame)
    kept = _follow(picture, repetition, hole)
    around = extent(hole).grow(1, 1).clip(*hole.shape)
    guide = picture[around.slices].copy()
    hole_share[kept] = 0
    count = _count(min(hole.shape), coarser + len(STAGES))
    levels = pyramid(Level(picture, known_share, hole_share), count, crew)
    stages = ([REFINEMENT] * coarser + list(STAGES))[:count]
    found = search(levels, stages, repetition.offsets, crew, checkpoint, seed)
    if found is None and not kept.all(where=hole):
        return None
    del levels
    scale, labels = _joined(picture, known, kept, found, repetition)
    if found is not None:
        clean(scale, labels, crew)
    del found, repetition
    checkpoint()
    filled = _mixed(blend(scale, labels, crew), guide)
    result = image.copy()
    box = around.slices
    np.copyto(result[box], filled[..., :3], where=hole[box][..., np.newaxis])
    return result


def _follow(picture: Pixels, repetition: Repetition, hole: Hole) -> Hole:
    """Mix the repetition's copy into the guide, and say where it is sure enough to be kept."""
    kept = np.zeros_like(hole)
    if not repetition.weight.any():
        return kept
    box = repetition.scale.frame.slices
    inside = np.nonzero(hole[box] & (repetition.weight > 0))
    rows, columns = repetition.labels[inside].T
    weight = repetition.weight[inside][:, np.newaxis]
    colours = picture[box][inside].astype(np.float32)
    colours += weight * (picture[rows, columns] - colours)
    picture[box][inside] = np.rint(colours)
    kept[box] = (repetition.weight >= 1) & hole[box]
    return kept


def _count(shorter: int, most: int) -> int:
    """How many scales there are, each half as large as the one before."""
    count = most
    while count > 1 and shorter >> (count - 1) < LEAST_SIDE:
        count -= 1
    return count


def _joined(
    picture: Pixels, known: Hole, kept: Hole, found: Found | None, repetition: Repetition
) -> tuple[Scale, Labels]:
    """A scale that holds what was searched and what was kept, and the labels of both."""
    state = known * np.uint8(SOURCE) + kept * np.uint8(KEPT)
    if found is not None:
        state[found.frame.slices] |= found.hole * np.uint8(HOLE)
    scale = Scale(picture, state, 1, HOLE | KEPT)
    labels = np.zeros((*scale.shape, 2), np.int32)
    if found is not None:
        _move(found.labels, found.frame, labels, scale, HOLE)
        scale.attach_guide(found.guide)
    _move(repetition.labels, repetition.scale.frame, labels, scale, KEPT)
    return scale, labels


def _move(theirs: Labels, frame: Box, labels: Labels, scale: Scale, flag: int) -> None:
    """Take over the labels of pixels with a flag from those of another frame."""
    height, width = scale.state.shape
    both = Box(
        max(frame.top, scale.frame.top),
        max(frame.left, scale.frame.left),
        min(frame.bottom, scale.frame.bottom),
        min(frame.right, scale.frame.right),
    ).clip(height, width)
    target = labels[both.shift(-scale.frame.top, -scale.frame.left).slices]
    source = theirs[both.shift(-frame.top, -frame.left).slices]
    flagged = (scale.state[both.slices] & flag) != 0
    np.copyto(target, source, where=flagged[..., np.newaxis])


def _mixed(colours: Colours, guide: Pixels) -> Pixels:
    """Mix a share of the guide in, and round."""

    def low(values: Colours) -> Colours:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), MIX_BLUR), np.float32)

    apart, mean = guide.astype(np.float32) - colours, low(colours)
    stray = np.sqrt(np.sum(low(apart) ** 2, axis=2))
    variance = low(np.sum(colours**2, axis=2)) - np.sum(mean**2, axis=2)
    allowed = STRAY + np.sqrt(np.maximum(variance, 0))
    share = MIX * np.clip(2 - stray / allowed, 0, 1)
    mixed = colours + share[..., np.newaxis] * apart
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)

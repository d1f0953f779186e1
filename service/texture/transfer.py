"""A whole photo: every group of holes gets its texture, from what is known around it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from service.arrays import Hole, Image
from service.texture.contexts import Context
from service.texture.crew import Crew
from service.texture.fill import fill_texture

SIDE_BY_SIDE = 400_000
"""Pixels of a context up to which groups are filled side by side, each by one thread. Larger ones
take turns, so that the memory of one is enough, and have all threads."""

ALONE = Crew()

VEIL = 31
"""Side in pixels of the box whose known mean stands in for colours that are not known."""

LEAST_BYTES, BYTES_PER_PIXEL, BYTES_PER_HOLE_PIXEL = 6 << 20, 16, 110
"""Memory that a group takes: whatever its size, by its context, and by its holes' box."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """What became of a photo.

    Attributes:
        groups: How many groups of holes there were.
        copied: How many of them were filled; too little was known around the others.
    """

    groups: int
    copied: int


def transfer(
    image: Image,
    hole: Hole,
    known: Hole | None,
    contexts: list[Context],
    crew: Crew,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    seed: int = 0,
) -> Transferred:
    """Replace a network's fill by copies of what is known, under its guidance.

    Args:
        image: (H, W, 3) uint8 RGB, the hole filled by a network; filled anew in place when all
            is done, so that it is as it was when the work stops.
        hole: (H, W) bool.
        known: (H, W) bool, what may be copied; None for all but the hole.
        contexts: The groups, as `find_contexts` made them of the hole.
        crew: Who helps.
        on_progress: Called with groups done and groups in all, one call at a time.
        checkpoint: Called between steps; stops the work by raising. Called from several threads.
        seed: Which of many draws; each is the same every time.

    Raises:
        LibraryError: the kernels have not been compiled.
    """
    small = [context for context in contexts if _pixels(context) <= SIDE_BY_SIDE]
    large = [context for context in contexts if _pixels(context) > SIDE_BY_SIDE]
    done: list[_Patch | None] = []  # pasted in the end: every group sees the others as they were

    def fill(context: Context, helpers: Crew) -> None:
        checkpoint()
        done.append(_fill_group(image, hole, known, context, helpers, checkpoint, seed))
        if on_progress:
            on_progress(len(done), len(contexts))

    even = len(small) - len(small) % crew.threads  # the odd ones have all threads too
    crew.run(lambda index: fill(small[index], ALONE), even)
    for context in small[even:] + large:
        fill(context, crew)
    patches = [patch for patch in done if patch is not None]
    for patch in patches:
        np.copyto(image[patch.place], patch.image, where=patch.mask[..., np.newaxis])
    return Transferred(len(contexts), len(patches))


def memory_of(contexts: list[Context], threads: int) -> int:
    """Bytes that `transfer` takes at most beside the photo."""
    sizes = sorted((_bytes(context) for context in contexts), reverse=True)
    small = [_bytes(context) for context in contexts if _pixels(context) <= SIDE_BY_SIDE]
    together = sum(sorted(small, reverse=True)[:threads])
    return max(together, *sizes[:1], 0)


def _pixels(context: Context) -> int:
    return context.box.height * context.box.width


def _bytes(context: Context) -> int:
    holes = context.hole.height * context.hole.width
    return LEAST_BYTES + BYTES_PER_PIXEL * _pixels(context) + BYTES_PER_HOLE_PIXEL * holes


@dataclass(frozen=True, slots=True)
class _Patch:
    """What replaces a part of the photo, where the mask says so."""

    place: tuple[slice, slice]
    image: Image
    mask: Hole


def _fill_group(
    image: Image,
    hole: Hole,
    known: Hole | None,
    context: Context,
    crew: Crew,
    checkpoint: Callable[[], None],
    seed: int,
) -> _Patch | None:
    """Fill one group; returns None where there was too little to copy."""
    box = context.box.slices
    mine, seen, sources = context.own(hole), image[box], ~hole[box]
    if known is not None:
        veiled = ~(known[box] | hole[box])
        if veiled.any():
            sources &= known[box]
            seen = _unveiled(seen, sources, veiled)
    filled = fill_texture(
        seen, mine, sources, crew, coarser=context.coarser, checkpoint=checkpoint, seed=seed
    )
    if filled is None:
        return None
    inner = context.hole.shift(-context.box.top, -context.box.left).slices
    return _Patch(context.hole.slices, filled[inner].copy(), mine[inner].copy())


def _unveiled(image: Image, known: Hole, veiled: Hole) -> Image:
    """A copy in which unknown colours, those under full transparency, are the mean around them."""
    weight = known.astype(np.float32)
    near = (VEIL, VEIL)
    share = cv2.blur(weight, near)[..., np.newaxis]
    mean = cv2.blur(image * weight[..., np.newaxis], near) / np.maximum(share, np.float32(1e-3))
    overall = image[known].mean(axis=0) if known.any() else 0
    colours = np.where(share > 0, mean, overall)
    result = image.copy()
    result[veiled] = np.clip(np.rint(colours[veiled]), 0, 255)
    return result

"""The fixed protocol: which holes are cut into which pictures.

Of every photo, the central 256x256 pixels; over them, one irregular hole from each of the paper's
six ranges of hole ratio, and two lattices. A hole depends on the seed, the photo's place in the
sorted list and the range alone, so that figures compare over time. Whoever changes anything here,
or in the drawing of masks, raises ``PROTOCOL_VERSION``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.lattice import blur, lattice_points
from training.masks import BUCKETS, Mask, draw_irregular

PROTOCOL_VERSION = 1
SIDE = 256
BUCKET_GROUPS = tuple(f"{bucket.low:g}-{bucket.high:g}" for bucket in BUCKETS)
LATTICE_GROUPS = ("lattice sampled", "lattice averaged")
GROUPS = BUCKET_GROUPS + LATTICE_GROUPS

LATTICE_STRIDE = 4
LATTICE_OFFSET = 2
LATTICE_BOX = slice(48, 208)

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One picture with one hole.

    Attributes:
        number: the photo's place in the list times eight, plus the group's place in ``GROUPS``.
        photo: the photo's name.
        group: the range of hole ratio, or the kind of lattice.
        truth: (256, 256, 3) RGB.
        image: (256, 256, 3), what methods see: zero where the mask is.
        mask: (256, 256), 1 where methods may look.
        hole: (256, 256), True where hole-only figures are taken.
        kept: (256, 256), True where a filled picture keeps the truth whatever the method says.
    """

    number: int
    photo: str
    group: str
    truth: Picture
    image: Picture
    mask: Mask
    hole: NDArray[np.bool_]
    kept: NDArray[np.bool_]

    def composite(self, prediction: Picture) -> Picture:
        """Put a method's picture into the hole."""
        return np.where(self.kept[..., None], self.truth, prediction)


def central_crop(photo: Picture) -> Picture | None:
    """Return the central (256, 256, 3) of a photo, or None where the photo is smaller."""
    top, left = ((side - SIDE) // 2 for side in photo.shape[:2])
    if min(top, left) < 0:
        return None
    return np.ascontiguousarray(photo[top : top + SIDE, left : left + SIDE])


def protocol_mask(seed: int, index: int, bucket: int) -> Mask:
    """Draw the mask of photo ``index`` for a bucket's place in ``BUCKETS``.

    Every other hole may touch the border; the others keep a tenth of the side clear.
    """
    rng = np.random.default_rng([seed, index, bucket])
    border = (index + bucket) % 2 == 0
    return draw_irregular(rng, SIDE, SIDE, BUCKETS[bucket], border=border)


def cases_of_photo(index: int, photo: str, truth: Picture, seed: int) -> list[Case]:
    """Return a photo's eight cases, in the order of ``GROUPS``."""
    return [*_bucket_cases(index, photo, truth, seed), *_lattice_cases(index, photo, truth)]


def _bucket_cases(index: int, photo: str, truth: Picture, seed: int) -> Iterator[Case]:
    for bucket, group in enumerate(BUCKET_GROUPS):
        mask = protocol_mask(seed, index, bucket)
        known = mask == 1
        image = truth * mask[..., None]
        number = index * len(GROUPS) + bucket
        yield Case(number, photo, group, truth, image, mask, ~known, known)


def _lattice_cases(index: int, photo: str, truth: Picture) -> Iterator[Case]:
    """Every 4th pixel is known inside a box of 160x160.

    Sampled: with the truth's own values, which a filled picture keeps. Averaged: with values of
    the truth scaled down and up, as a coarse to fine fill has them; those are not kept.
    """
    box = np.zeros((SIDE, SIDE), np.bool_)
    box[LATTICE_BOX, LATTICE_BOX] = True
    points = lattice_points(SIDE, SIDE, LATTICE_STRIDE, LATTICE_OFFSET, LATTICE_OFFSET)
    mask = (points | ~box).astype(np.uint8)
    averaged = np.clip(np.rint(blur(truth, LATTICE_STRIDE)), 0, 255).astype(np.uint8)
    values = {
        "lattice sampled": (truth, mask == 1),
        "lattice averaged": (np.where(box[..., None], averaged, truth), ~box),
    }
    for group, (picture, kept) in values.items():
        number = index * len(GROUPS) + GROUPS.index(group)
        yield Case(number, photo, group, truth, picture * mask[..., None], mask, box, kept)

"""Steps that change with place: rows of windows on a facade that is seen at a slant.

Where a step of the photo's repetition is nearly right, tiles around the hole are looked for near
where it points, and an affine map is fitted to where they are found (RANSAC;
Fischler and Bolles 1981).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.texture.scale import SOURCE, Labels, Scale

Field = NDArray[np.float64]
"""(2, 3): from column, row and 1 to the column and row that are copied."""

Places = NDArray[np.int64]
"""(N, 2): rows and columns in the picture."""

MOST_STEPS = 6
"""Steps that are tried, the best first."""
TILE, APART = 17, 6
"""Side of a tile in pixels, odd, and how far apart tiles are."""
REACH = 6
"""How far from where a step points a tile is looked for."""
MOST_TILES, FIRST_TILES = 500, 24
"""Tiles by which a field is fitted, and by which it is seen whether to try."""
ALIKE = 0.5
"""Squared error of a tile over its variance up to which it is taken as found."""
LEAST_VARIANCE = 90.0
"""Of a tile, summed over the colours: flat ones are found anywhere."""
LEAST_SHARE, LEAST_FOUND = 0.15, 12
"""Share of the tiles and tiles that are found at least."""
STRAY, AGREEING = 1.5, 0.5
"""Pixels by which a tile may stray from the field, and share of those found that do not."""
MOST_PIXELS = 2000
"""Pixels of the rim by which steps and fields are compared."""
EXACT = 12.0
"""Mean squared error on the rim up to which a step needs no field."""
BETTER = 0.7
"""Error of the field on the rim over the step's up to which it is the better of the two."""


def find_fields(scale: Scale, offsets: NDArray[np.int32], rim: NDArray[np.bool_]) -> list[Field]:
    """Fields near the best steps that explain the rim clearly better than these do.

    Args:
        scale: A frame around the hole.
        offsets: (N, 2) int32, steps in pixels, the best first.
        rim: (rows, columns) bool of the frame, known pixels near the hole.
    """
    known = ((scale.state & SOURCE) != 0).view(np.uint8)
    tile = np.ones((TILE, TILE), np.uint8)
    whole = cv2.erode(known, tile, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    start = np.array([scale.frame.top, scale.frame.left])
    pixels = np.argwhere(rim) + start
    pixels = pixels[:: -(-len(pixels) // MOST_PIXELS) or 1]
    tiles = np.argwhere(rim[::APART, ::APART]) * APART + start
    tiles = tiles[whole[tiles[:, 0], tiles[:, 1]]]
    fields = []
    for offset in offsets[:MOST_STEPS]:
        if _is_exact(scale, offset, pixels):
            continue
        field = _fit(scale, whole, tiles, offset)
        if field is not None and _is_better(scale, field, offset, pixels):
            fields.append(field)
    return fields


def sources(field: Field, places: Places) -> Labels:
    """Where places are copied from: (N, 2) int32, which may lie outside of the picture."""
    there = places[:, ::-1] @ field[:, :2].T + field[:, 2]
    return np.ascontiguousarray(np.rint(there[:, ::-1]), np.int32)


def are_known(scale: Scale, labels: Labels) -> NDArray[np.bool_]:
    """Which labels, (N, 2), point at a pixel that may be copied: (N,) bool."""
    height, width = scale.state.shape
    rows, columns = labels.T
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    state = scale.state[rows * inside, columns * inside]
    return np.asarray(inside & ((state & SOURCE) != 0))


def squared_errors(scale: Scale, places: Places, labels: Labels) -> NDArray[np.float32]:
    """Squared distances of the colours at places and at labels inside the picture: (N,) float32."""
    here, there = (
        scale.picture[at[:, 0], at[:, 1], :3].astype(np.float32) for at in (places, labels)
    )
    return np.asarray(np.sum((here - there) ** 2, axis=1))


def _is_exact(scale: Scale, offset: NDArray[np.int32], pixels: Places) -> bool:
    """Whether a step explains the rim's pixels so well that no field can be clearly better."""
    stepped = (pixels + offset).astype(np.int32)
    known = are_known(scale, stepped)
    if not known.any():
        return False
    return float(squared_errors(scale, pixels[known], stepped[known]).mean()) <= EXACT


def _fit(
    scale: Scale, whole: NDArray[np.bool_], tiles: Places, offset: NDArray[np.int32]
) -> Field | None:
    """The field on which most tiles agree, if enough are found near where the step points."""
    for most in (FIRST_TILES, MOST_TILES):
        chosen = tiles[:: -(-len(tiles) // most) or 1]
        pairs = [(place, _find(scale, whole, place, offset)) for place in chosen]
        found = [(place, there) for place, there in pairs if there is not None]
        if len(found) < LEAST_SHARE * len(chosen):
            return None
    if len(found) < LEAST_FOUND:
        return None
    here, there = (np.array(part, np.float64)[:, ::-1] for part in zip(*found, strict=True))
    field, agreeing = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=STRAY, confidence=0.999
    )  # draws the same samples every time
    if field is None or agreeing.sum() < max(LEAST_FOUND, AGREEING * len(found)):
        return None
    return np.asarray(field, np.float64)


def _find(
    scale: Scale, whole: NDArray[np.bool_], place: Places, offset: NDArray[np.int32]
) -> tuple[int, int] | None:
    """Where a tile is found near where a step points; None if it is not."""
    half, wide = TILE // 2, TILE // 2 + REACH
    row, column = (int(value) for value in place)
    top, left = row + int(offset[0]), column + int(offset[1])
    height, width = whole.shape
    if not (wide <= top < height - wide and wide <= left < width - wide):
        return None
    allowed = whole[top - REACH : top + REACH + 1, left - REACH : left + REACH + 1]
    if not allowed.any():
        return None
    tile = scale.picture[row - half : row + half + 1, column - half : column + half + 1]
    variance = float(np.sum(cv2.meanStdDev(tile)[1] ** 2))
    if variance < LEAST_VARIANCE:
        return None
    window = scale.picture[top - wide : top + wide + 1, left - wide : left + wide + 1]
    errors = np.where(allowed, cv2.matchTemplate(window, tile, cv2.TM_SQDIFF), np.inf)
    down, across = divmod(int(errors.argmin()), errors.shape[1])
    at_the_edge = max(abs(down - REACH), abs(across - REACH)) == REACH
    if at_the_edge or errors[down, across] > ALIKE * variance * TILE**2:
        return None
    return top + down - REACH, left + across - REACH


def _is_better(scale: Scale, field: Field, offset: NDArray[np.int32], pixels: Places) -> bool:
    """Whether a field explains the rim's pixels clearly better than the step it was made from."""
    moved, stepped = sources(field, pixels), (pixels + offset).astype(np.int32)
    both = are_known(scale, moved) & are_known(scale, stepped)
    if not both.any():
        return False
    mine, steps = (
        float(squared_errors(scale, pixels[both], labels[both]).sum())
        for labels in (moved, stepped)
    )
    return mine < BETTER * steps

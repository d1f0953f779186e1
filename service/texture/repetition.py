"""The photo's own repetition: steps under which it is most like itself, and a fill made of them.

Walls, tiles, fences and stripes repeat at a few steps (He and Sun 2014). Where one of them explains
what is known around the hole, copying by it continues the pattern exactly, which no network does.
In perspective steps change with place (`perspective.py`).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from service.texture.crew import Crew
from service.texture.library import address, kernels
from service.texture.perspective import Field, are_known, find_fields, sources, squared_errors
from service.texture.pyramid import Level, halve
from service.texture.scale import HOLE, SOURCE, Labels, Pixels, Scale, states

SIDE = 320
"""Steps are looked for in the picture halved until it has at most this many pixels a side."""
MOST = 40
"""Steps that are tried."""
ALIKE = 0.15
"""Least correlation of the picture with itself at a step."""
OVERLAP = 0.15
"""Least share of the known pixels that meet known ones at a step."""
NEAREST = 6
"""Shorter steps, in reduced pixels, say that the picture is smooth and not that it repeats."""
LOW_PASS = 12.0
"""Sigma of what is taken off before: slow shading is like itself at any step."""

RIM = 24
"""Pixels around the hole on which a step has to prove itself."""
SPREAD, DEEPER = 10.0, 0.6
"""Least sigma with which its errors are spread into the hole, and by the hole's depth."""
MOST_PLACES = 2000
"""Pixels of the rim by which a step found in a reduced picture is made exact."""
CELL, CELLS = 4, 3
"""Least side in pixels of the cells that errors are summed by; cells that a sigma has at most."""
NEAR = 27
"""Side of the box whose mean the rim's own variance is counted from."""
LEAST_VARIANCE = 30.0
SURE, UNSURE = 0.25, 0.8
"""Error over the rim's variance up to which a step is followed, and from which on it is not."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """What the photo's repetition says of a hole.

    Attributes:
        offsets: (N, 2) int32, steps in pixels, the best first.
        scale: A frame around the hole.
        labels: Where each hole pixel of the frame would be copied from.
        weight: (rows, columns) float32, 0..1, how much that is worth.
    """

    offsets: NDArray[np.int32]
    scale: Scale
    labels: Labels
    weight: NDArray[np.float32]


def find_repetition(level: Level, crew: Crew) -> Repetition:
    """Look for the repetition of a picture and see what it says of the hole.

    Args:
        level: The picture at full scale; it has a hole.
        crew: Who helps.
    """
    reduced, factor = level, 1
    while max(reduced.known.shape) > SIDE:
        reduced, factor = halve(reduced, crew), 2 * factor
    offsets = factor * find_offsets(reduced.picture, reduced.is_known)
    scale = Scale(level.picture, states(level.is_known, level.is_hole, 1), RIM, HOLE)
    if factor > 1 and len(offsets):
        offsets = refine_offsets(scale, offsets, factor, crew)
    labels = np.zeros((*scale.shape, 2), np.int32)
    weight = np.zeros(scale.shape, np.float32)
    found = Repetition(offsets, scale, labels, weight)
    if len(offsets):
        _weigh(found, crew)
    return found


def find_offsets(picture: Pixels, known: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The steps under which what is known is most like itself.

    Peaks of the masked, normalised correlation of the high-passed grey picture with itself.

    Args:
        picture: (H, W, 4).
        known: (H, W) bool.

    Returns:
        (N, 2) int32, N up to `MOST`: rows and columns, the best first, nearer ones before farther
        ones that are hardly better. With every step there is its opposite.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGBA2GRAY).astype(np.float32)
    correlation = _correlation(grey, known.astype(np.float32))
    centre = np.array(correlation.shape) // 2
    peaks = correlation >= cv2.dilate(correlation, np.ones((7, 7), np.uint8))
    places = np.argwhere(peaks & (correlation > ALIKE))
    steps = places - centre
    length = np.hypot(*steps.T)
    places, steps, length = (part[length > NEAREST] for part in (places, steps, length))
    likeness = correlation[places[:, 0], places[:, 1]]
    best = np.argsort(-likeness + 0.3 * length / np.hypot(*grey.shape), kind="stable")[:MOST]
    return np.ascontiguousarray(steps[best], np.int32)


def _correlation(grey: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Masked normalised correlation (Padfield 2012) by step, none in the middle; -1 if unsure."""
    around = cv2.GaussianBlur(known, (0, 0), LOW_PASS)
    low = cv2.GaussianBlur(grey * known, (0, 0), LOW_PASS) / np.maximum(around, np.float32(1e-3))
    detail = (grey - low) * known
    height, width = grey.shape
    rows, columns = (cv2.getOptimalDFTSize(2 * side) for side in grey.shape)

    def spectrum(part: NDArray[Any]) -> NDArray[np.float32]:
        padded = np.zeros((rows, columns), np.float32)
        padded[:height, :width] = part
        return np.asarray(cv2.dft(padded, nonzeroRows=height), np.float32)

    def correlate(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        product = cv2.mulSpectrums(one, other, 0, conjB=True)
        return np.asarray(cv2.dft(product, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE), np.float32)

    waves, mask, power = (spectrum(part) for part in (detail, known, detail * detail))
    energy = correlate(power, mask)
    other = np.roll(energy[::-1, ::-1], (1, 1), (0, 1))  # the same, seen from the other end
    least = np.float32(1e-3)
    likeness = correlate(waves, waves) / np.sqrt(
        np.maximum(energy, least) * np.maximum(other, least)
    )
    likeness[correlate(mask, mask) < OVERLAP * known.sum()] = -1
    return np.asarray(np.fft.fftshift(likeness), np.float32)


def _weigh(found: Repetition, crew: Crew) -> None:
    """Choose for each hole pixel the step that explains the rim near it best, and weigh it."""
    scale, offsets = found.scale, found.offsets
    rim, depth = _rim(scale)
    sigma, cell = max(SPREAD, DEEPER * depth), CELL
    while sigma / cell > CELLS:
        cell *= 2
    cells = [-(-side // cell) for side in scale.shape]

    def spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma / cell), np.float32)

    variance, counted = _variance(scale, rim, cell)
    around = np.maximum(spread(counted), np.float32(1e-6))
    errors = np.empty((len(offsets), *cells), np.float32)
    pointer, rims = scale.pointer, address(rim.view(np.uint8))

    def measure(index: int) -> None:
        total, count = np.zeros(cells, np.float32), np.zeros(cells, np.float32)
        row, column = (int(step) for step in offsets[index])
        kernels().texture_errors(pointer, rims, cell, row, column, address(total), address(count))
        count = spread(count)
        mean = spread(total) / np.maximum(count, np.float32(1e-6))
        errors[index] = np.where(count > 0.1 * around, mean, np.float32(1e30))

    crew.run(measure, len(offsets))
    best = np.empty(scale.shape, np.float32)
    steps = address(offsets)
    parts = (address(errors), address(best), address(found.labels))
    scale.in_blocks(
        crew,
        lambda blocks: kernels().texture_choose(pointer, steps, len(offsets), cell, *parts, blocks),
    )
    height, width = scale.shape
    size = (cells[1] * cell, cells[0] * cell)

    def enlarged(values: NDArray[np.float32]) -> NDArray[np.float32]:
        full = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(full[:height, :width], np.float32)

    for field in find_fields(scale, offsets, rim):
        total, count = (spread(values) for values in _field_errors(scale, field, rim, cell))
        mean = np.asarray(total / np.maximum(count, np.float32(1e-6)), np.float32)
        mean[count <= 0.1 * around] = 1e30
        _take(found, field, enlarged(mean), best)
    typical = enlarged(np.asarray(spread(variance) / around, np.float32))
    ratio = best / np.maximum(typical, np.float32(LEAST_VARIANCE))
    np.clip((UNSURE - ratio) / (UNSURE - SURE), 0, 1, out=found.weight)


def _field_errors(
    scale: Scale, field: Field, rim: NDArray[np.bool_], cell: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums by cell of a field's squared errors on the rim, and their pixels."""
    inside = np.argwhere(rim)
    places = inside + np.array([scale.frame.top, scale.frame.left])
    labels = sources(field, places)
    known = are_known(scale, labels)
    rows, columns = inside[known].T
    errors, counted = np.zeros(scale.shape, np.float32), np.zeros(scale.shape, np.float32)
    errors[rows, columns] = squared_errors(scale, places[known], labels[known])
    counted[rows, columns] = 1
    return _by_cell(errors, cell), _by_cell(counted, cell)


def _take(
    found: Repetition, field: Field, error: NDArray[np.float32], best: NDArray[np.float32]
) -> None:
    """Let hole pixels copy by a field where its error is less than the best one so far."""
    scale = found.scale
    hole = (scale.state[scale.frame.slices] & HOLE) != 0
    inside = np.argwhere(hole & (error < best))
    labels = sources(field, inside + np.array([scale.frame.top, scale.frame.left]))
    known = are_known(scale, labels)
    rows, columns = inside[known].T
    found.labels[rows, columns] = labels[known]
    best[rows, columns] = error[rows, columns]


def _rim(scale: Scale) -> tuple[NDArray[np.bool_], float]:
    """The frame's known pixels near the hole, (rows, columns) bool, and how deep the hole is."""
    state = scale.state[scale.frame.slices]
    hole = (state & HOLE) != 0
    away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 3)
    depth = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 3)
    return np.asarray((state & SOURCE != 0) & (away <= RIM)), float(depth.max())


def refine_offsets(
    scale: Scale, offsets: NDArray[np.int32], factor: int, crew: Crew
) -> NDArray[np.int32]:
    """Steps found in a picture reduced by `factor`, to the pixel: by the error on the rim.

    Args:
        scale: A frame around the hole, at full scale.
        offsets: (N, 2) int32.
        factor: How far a step may be off.
        crew: Who helps.
    """
    rim, _ = _rim(scale)
    places = np.argwhere(rim) + np.array([scale.frame.top, scale.frame.left])
    places = np.ascontiguousarray(places[:: -(-len(places) // MOST_PLACES) or 1], np.int32)
    best = offsets.copy()

    def refine(index: int) -> None:
        kernels().texture_refine(
            scale.pointer, address(places), len(places), factor // 2, address(best[index])
        )

    crew.run(refine, len(best))
    return best


def _variance(
    scale: Scale, rim: NDArray[np.bool_], cell: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums by cell of the rim's squared distance from the mean around it, and its pixels."""
    box = scale.frame.slices
    picture = scale.picture[box][..., :3].astype(np.float32)
    known = ((scale.state[box] & SOURCE) != 0).astype(np.float32)
    near = (NEAR, NEAR)
    share = np.maximum(cv2.blur(known, near), np.float32(1e-3))[..., np.newaxis]
    mean = cv2.blur(picture * known[..., np.newaxis], near) / share
    squares = np.sum((picture - mean) ** 2, axis=2)
    inside = rim.astype(np.float32)
    return _by_cell(squares * inside, cell), _by_cell(inside, cell)


def _by_cell(values: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """Sums over cells of `cell` x `cell` pixels."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % cell), (0, -width % cell)))
    rows, columns = padded.shape[0] // cell, padded.shape[1] // cell
    return np.asarray(padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3)))

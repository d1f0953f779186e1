"""Straight edges that meet a hole on both sides go through it: a rail, a roof line, a beam.

Neither network nor search sees that two ends belong together once the hole is deeper than a patch.
Here line segments (LSD, Grompone von Gioi et al. 2010) that end at the hole are paired where they
lie on one line and look alike across it, and the band between is copied from along them.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole
from service.inpainting.boxes import Box, extent
from service.texture.scale import Labels, Pixels

AROUND, AROUND_SHARE = 64, 0.2
"""Pixels around the hole in which segments are looked for; more around a large one."""
LOOKED_AT = 1024
"""Longest side that segments are looked for in; of a larger picture a reduced one serves."""
LEAST_LENGTH = 12.0
"""Pixels that a segment must be known for; more if the gap is long."""
LENGTH_SHARE, SUM_SHARE = 0.07, 0.25
"""Least known length of each end, and of both, in gaps' lengths."""
REACH = 4
"""Pixels short of the hole at which a segment may end."""
SLACK, SLACK_SHARE = 1.5, 0.07
"""How far, in pixels and in gaps' lengths, an end may be from where the other one points."""
LEAST_STEP = 14.0
"""Contrast in levels across a segment, from which on it is an edge worth carrying."""
ALIKE = 0.45
"""Most squared difference of two ends' profiles, in their variance."""
HALF = 6
"""Pixels on either side of an edge that its profile holds."""
LEAST_GAP = 16.0
"""Pixels of hole between two ends; across less the search sees both by itself."""
FACING, OPEN = -0.97, 0.9
"""Cosine that two ends' directions have at most; least share of hole between them."""
CORE = 2
"""Pixels on either side that are copied with no search, where both ends look alike."""
BESIDE = 0.8
"""Weight of the copy in the guide beside them."""

EXPLAINED = 0.25
"""Mean weight of what is there already, from which on an edge is left to it."""

Points = NDArray[np.float32]
_Band = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _End:
    """A segment that ends at the hole: where it enters, its direction into it, known length."""

    at: Points
    along: Points
    length: float

    @property
    def across(self) -> Points:
        return np.array([-self.along[1], self.along[0]], np.float32)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Two ends that belong together, and how far on either side they look alike."""

    first: _End
    second: _End
    left: int
    right: int
    doubt: float

    @property
    def way(self) -> Points:
        return self.second.at - self.first.at


def find_bridges(picture: Pixels, hole: Hole, known: Hole) -> list[Bridge]:
    """The edges that go through the hole, the surest first.

    Args:
        picture: (H, W, 4), the hole filled.
        hole: (H, W) bool, some of it True.
        known: (H, W) bool, what may be copied.
    """
    return _bridges(picture, hole, known, _ends(picture, hole, known))


def carry_edges(
    bridges: list[Bridge],
    hole: Hole,
    known: Hole,
    labels: Labels,
    weight: NDArray[np.float32],
    frame: Box,
) -> int:
    """Write where the bands of edges that go through the hole are copied from.

    Args:
        bridges: As found in the same hole.
        hole: (H, W) bool, some of it True.
        known: (H, W) bool, what may be copied.
        labels: (rows, columns, 2) int32 of the frame: row and column in the picture that a hole
            pixel is copied from; changed in place.
        weight: (rows, columns) float32, 0..1: what the labels are worth; 1 is written in the
            middle of a band, which is to be kept. Changed in place, and never lowered.
        frame: Box of the picture that labels and weight are of; it holds the hole.

    Returns:
        How many edges are carried: those that the labels do not explain already.
    """
    bands = [(bridge, _band(bridge, hole)) for bridge in bridges]
    new = [(bridge, band) for bridge, band in bands if not _explained(band, weight, frame)]
    for bridge, band in new:
        _lay(bridge, band, known, labels, weight, frame)
    return len(new)


def _segments(picture: Pixels, hole: Hole) -> NDArray[np.float32]:
    """Line segments in and around the hole, (N, 4): x, y, x, y in pixels of the picture."""
    box = extent(hole)
    margin = max(AROUND, int(AROUND_SHARE * max(box.height, box.width)))
    box = box.grow(margin, margin).clip(*hole.shape)
    grey = cv2.cvtColor(picture[box.slices], cv2.COLOR_RGBA2GRAY)
    factor = -(-max(grey.shape) // LOOKED_AT)
    if factor > 1:
        size = (max(1, box.width // factor), max(1, box.height // factor))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    scale = np.array([box.width / grey.shape[1], box.height / grey.shape[0]] * 2, np.float32)
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE)
    found = cast("NDArray[np.float32] | None", detector.detect(grey)[0])
    if found is None:
        return np.empty((0, 4), np.float32)
    places = found.reshape(-1, 4) * scale + np.array([box.left, box.top] * 2, np.float32)
    return np.asarray(places, np.float32)


def _ends(picture: Pixels, hole: Hole, known: Hole) -> list[_End]:
    """Where segments that are known for long enough enter the hole."""
    ends: list[_End] = []
    for x0, y0, x1, y1 in _within_reach(_segments(picture, hole), hole):
        length = float(np.hypot(x1 - x0, y1 - y0))
        start = np.array([x0, y0], np.float32)
        along = np.array([x1 - x0, y1 - y0], np.float32) / np.float32(length)
        steps = np.arange(-REACH, int(length) + REACH + 1, dtype=np.float32)
        rows, columns, inside = _pixels(start + steps[:, np.newaxis] * along, hole)
        clear, entered = known[rows, columns] & inside, hole[rows, columns] & inside
        proper = (steps >= 0) & (steps <= length)
        for sign in (1, -1):
            for entry, size in _entries(clear[::sign], entered[::sign], proper[::sign]):
                at = start + steps[::sign][entry] * along
                ends.append(_End(at, np.float32(sign) * along, float(size)))
    return ends


def _within_reach(segments: NDArray[np.float32], hole: Hole) -> NDArray[np.float32]:
    """Those that are long enough, and not so far from the hole that they cannot enter it."""
    way = segments[:, 2:] - segments[:, :2]
    length = np.hypot(*way.T)
    rows, columns, _ = _pixels(segments[:, :2] + np.float32(0.5) * way, hole)
    away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = away[rows, columns] <= length / 2 + REACH + 2  # two for rounding at either end
    return np.asarray(segments[(length >= LEAST_LENGTH) & near], np.float32)


def _entries(
    clear: NDArray[np.bool_], entered: NDArray[np.bool_], proper: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Indices at which a row of pixels goes from known into the hole, and for how many pixels of
    the segment proper it was known before."""
    found = []
    for entry in np.flatnonzero(entered[1:] & clear[:-1]) + 1:
        blocked = np.flatnonzero(~clear[:entry])
        run = int(blocked[-1]) + 1 if len(blocked) else 0
        size = int(np.count_nonzero(proper[run:entry]))
        if size >= LEAST_LENGTH:
            found.append((int(entry), size))
    return found


def _pixels(
    places: NDArray[np.float32], mask: Hole
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Rows and columns nearest to places (..., 2) of x and y, and which lie inside; the others are
    moved to the edge."""
    height, width = mask.shape
    columns, rows = (np.rint(places[..., n]).astype(np.intp) for n in (0, 1))
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), np.asarray(inside)


def _bridges(picture: Pixels, hole: Hole, known: Hole, ends: list[_End]) -> list[Bridge]:
    """The pairs of ends that belong together, the surest first, each end in one of them."""
    found: list[tuple[float, int, int, Bridge]] = []
    for i, j, miss in _aligned(ends):
        if bridge := _bridge(picture, hole, known, ends[i], ends[j], miss):
            found.append((bridge.doubt, i, j, bridge))
    found.sort(key=lambda entry: entry[:3])
    taken: set[int] = set()
    chosen: list[Bridge] = []
    for _, i, j, bridge in found:
        crossed = any(_cross(bridge, other) for other in chosen)
        if i not in taken and j not in taken and not crossed:
            taken |= {i, j}
            chosen.append(bridge)
    return chosen


def _cross(one: Bridge, other: Bridge) -> bool:
    """Whether two edges cross within the hole: then one of them is not there."""

    def parted(this: Bridge, that: Bridge) -> bool:
        normal = np.array([-this.way[1], this.way[0]])
        sides = [float((end.at - this.first.at) @ normal) for end in (that.first, that.second)]
        return sides[0] * sides[1] < 0

    return parted(one, other) and parted(other, one)


def _aligned(ends: list[_End]) -> list[tuple[int, int, float]]:
    """Pairs of ends on one line that look at each other and are long enough for the gap, and how
    far they miss each other, 0..1."""
    if len(ends) < 2:
        return []
    at, along = (np.stack([getattr(end, name) for end in ends]) for name in ("at", "along"))
    length = np.array([end.length for end in ends], np.float32)
    i, j = np.triu_indices(len(ends), 1)
    facing = np.einsum("nc,nc->n", along[i], along[j]) < FACING
    i, j = i[facing], j[facing]
    way = at[j] - at[i]
    gap = np.hypot(*way.T)
    ahead = np.einsum("nc,nc->n", way, along[i]) > 0
    misses = [np.abs(way[:, 1] * along[n, 0] - way[:, 0] * along[n, 1]) for n in (i, j)]
    miss = np.maximum(*misses) / (SLACK + SLACK_SHARE * gap)
    shorter = np.minimum(length[i], length[j])
    good = ahead & (gap >= LEAST_GAP) & (miss <= 1) & (shorter >= LENGTH_SHARE * gap)
    good &= length[i] + length[j] >= SUM_SHARE * gap
    return [
        (int(a), int(b), float(c)) for a, b, c in zip(i[good], j[good], miss[good], strict=True)
    ]


def _bridge(
    picture: Pixels, hole: Hole, known: Hole, first: _End, second: _End, miss: float
) -> Bridge | None:
    """The two ends as one edge, if there is hole between them and they look alike."""
    way = second.at - first.at
    steps = np.linspace(0, 1, int(np.hypot(*way)) + 1, dtype=np.float32)[1:-1, np.newaxis]
    rows, columns, _ = _pixels(first.at + steps * way, hole)
    if hole[rows, columns].mean() < OPEN:
        return None
    one, seen = _profile(picture, known, first, first.across)
    two, also = _profile(picture, known, second, -second.across)
    both = seen & also
    near = slice(HALF - 3, HALF + 4)
    if not both[near].all():
        return None
    mean = (one + two) / 2
    apart = np.sum((one - two) ** 2, axis=1)
    variance = float(np.sum((mean[near] - mean[near].mean(axis=0)) ** 2, axis=1).mean())
    ratio = float(apart[near].mean()) / max(variance, 1e-3)
    if np.ptp(mean[near], axis=0).max() < LEAST_STEP or ratio > ALIKE:
        return None
    alike = both & (apart <= 2 * ALIKE * max(variance, 100.0))
    return Bridge(first, second, _run(alike[HALF::-1]), _run(alike[HALF:]), ratio + miss / 4)


def _profile(
    picture: Pixels, known: Hole, end: _End, across: Points
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Mean colours near an end by the distance from the edge, and which of them are known."""
    back = np.arange(2, 2 + min(12, int(end.length)), dtype=np.float32)[:, np.newaxis, np.newaxis]
    side = np.arange(-HALF, HALF + 1, dtype=np.float32)[:, np.newaxis]
    places = end.at - back * end.along + side * across
    colours = cv2.remap(
        picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )[..., :3]
    rows, columns, inside = _pixels(places, known)
    good = known[rows, columns] & inside
    count = good.sum(axis=0)
    total = np.sum(colours * good[..., np.newaxis], axis=0, dtype=np.float32)
    mean = total / np.maximum(count, 1)[:, np.newaxis].astype(np.float32)
    return np.asarray(mean, np.float32), np.asarray(count * 2 >= len(back))


def _run(flags: NDArray[np.bool_]) -> int:
    """Steps from the first flag for which all are set; -1 where the first is not."""
    return int(np.append(flags, False).argmin()) - 1


def _explained(band: _Band, weight: NDArray[np.float32], frame: Box) -> bool:
    """Whether the photo's repetition already says what is in the band."""
    ys, xs, _, _ = band
    rows, columns = ys - frame.top, xs - frame.left
    return not len(ys) or float(weight[rows, columns].mean()) > EXPLAINED


def _lay(
    bridge: Bridge,
    band: _Band,
    known: Hole,
    labels: Labels,
    weight: NDArray[np.float32],
    frame: Box,
) -> None:
    """Write the labels and weights of one band."""
    ys, xs, t, s = band
    late = t > np.hypot(*bridge.way) / 2
    gap = float(np.hypot(*bridge.way))
    for end, sign, chosen in ((bridge.first, 1, ~late), (bridge.second, -1, late)):
        deep = np.maximum(t if sign > 0 else gap - t, 0)[chosen]
        side = sign * s[chosen]
        period = _period(end)
        back = deep - period * np.floor(deep / period + 1) - 1
        sources = end.at + back[:, np.newaxis] * end.along + side[:, np.newaxis] * end.across
        qy, qx, inside = _pixels(sources, known)
        reach = np.minimum(CORE, np.where(s[chosen] < 0, bridge.left, bridge.right)) + 0.5
        worth = np.where(np.abs(side) <= reach, np.float32(1), np.float32(BESIDE))
        rows, columns = ys[chosen] - frame.top, xs[chosen] - frame.left
        good = inside & known[qy, qx] & (worth > weight[rows, columns])
        rows, columns = rows[good], columns[good]
        labels[rows, columns, 0], labels[rows, columns, 1] = qy[good], qx[good]
        weight[rows, columns] = worth[good]


def _band(bridge: Bridge, hole: Hole) -> _Band:
    """The band's hole pixels: rows, columns, distances along the way and across the edge.

    The edge is a cubic from one end to the other that has both ends' directions.
    """
    first, second, way = bridge.first, bridge.second, bridge.way
    gap = np.hypot(*way)
    corners = np.stack([first.at, second.at])
    left, top = (int(corner) for corner in np.floor(corners.min(axis=0)))
    right, bottom = (int(corner) + 2 for corner in np.floor(corners.max(axis=0)))
    bulge = 2 * HALF + int(SLACK + SLACK_SHARE * gap)
    box = Box(top, left, bottom, right).grow(bulge, bulge).clip(*hole.shape)
    ys, xs = np.nonzero(hole[box.slices])
    ys, xs = ys + box.top, xs + box.left
    unit = way / gap
    normal = np.array([-unit[1], unit[0]], np.float32)
    places = np.stack([xs, ys], axis=1).astype(np.float32) - first.at
    t = places @ unit
    part = np.clip(t / gap, 0, 1)
    rise, fall = ((end.along @ normal) / (end.along @ unit) for end in (first, second))
    curve = gap * (rise * (part**3 - 2 * part**2 + part) + fall * (part**3 - part**2))
    s = places @ normal - curve
    near = (t > -REACH) & (t < gap + REACH)
    near &= (s >= -bridge.left - 0.5) & (s <= bridge.right + 0.5)
    return ys[near], xs[near], t[near], s[near]


def _period(end: _End) -> float:
    """Length along an end by which the copy steps back: up to all of it, as even as can be."""
    steps = np.arange(max(6.0, end.length / 2), end.length - 1, 0.25)
    jumps = steps[:, np.newaxis] * end.along
    uneven = np.abs(jumps - np.rint(jumps)).max(axis=1)
    return float(steps[np.argmin(uneven - 1e-3 * steps / end.length)])

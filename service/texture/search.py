"""The search: for every patch that touches the hole the most alike known one, coarse to fine.

A field of matches (PatchMatch, Barnes et al. 2009) is improved by turns with the fill that follows
from it (Wexler et al. 2007). What is alike is judged by the patch as filled so far, and, less and
less towards the fine scales, by a guide: the fill that the network gave, low-passed. So the network
decides what is where, and the photo what it looks like.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.inpainting.boxes import Box
from service.texture.crew import Crew
from service.texture.library import SweepStruct, address, kernels
from service.texture.pyramid import Level
from service.texture.scale import CENTRE, HOLE, SOURCE, TARGET, Labels, Pixels, Scale, states

RADIUS = 2
"""Patches are 5x5 pixels; 3x3 where too few larger ones are known."""

ENOUGH, ENOUGH_SHARE = 200, 0.02
"""Known patches, or their share of the picture, that are enough for the larger patches."""

LEAST = 10
"""Known patches without which a scale is not searched."""

FAR = 2000.0
"""Price of a source at the distance of the picture's longest side, in squared levels."""

FADING = 2.0
"""A pixel counts less by this factor for each pixel of depth in the hole."""

FAINTEST, KNOWN_WEIGHT = 0.2, 10.0
"""Least of these factors in a patch's distance; and how much more the known pixels of it count."""

MOST_STEPS = 16
"""Steps of the photo's repetition that are tried, the best ones."""

TRUSTED = 25
"""Percentile of the matches' distances by which votes are compared."""

MOST_CENTRES = 1 << 17
"""Known patches listed for samples from anywhere; of more only every second, third, ... is."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How one scale is searched.

    Attributes:
        guidance: Weight of the guide's distance beside the patch's own.
        blur: Sigma in pixels of the guide's low-pass.
        reluctance: How much closer a random patch must be than the present one: coherence.
        rounds: Votes, each after the sweeps.
        sweeps: Sweeps over the field before each vote.
        reach: Half of the side of the largest random window; None for half of the picture, samples
            from anywhere and the steps of the photo's repetition too.
    """

    guidance: float
    blur: float
    reluctance: float
    rounds: int
    sweeps: int
    reach: int | None = None


STAGES = (
    Stage(guidance=0.0, blur=3.0, reluctance=2.0, rounds=1, sweeps=1, reach=16),
    Stage(guidance=0.1, blur=1.5, reluctance=1.5, rounds=2, sweeps=1),
    Stage(guidance=0.3, blur=1.0, reluctance=1.3, rounds=5, sweeps=2),
    Stage(guidance=1.0, blur=0.7, reluctance=1.1, rounds=8, sweeps=3),
)
"""From the finest scale that is searched to the coarsest."""

REFINEMENT = Stage(guidance=0.0, blur=3.0, reluctance=2.0, rounds=1, sweeps=1, reach=2)
"""Finer scales of large holes, where only offsets near those found are tried."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found at the finest scale.

    Attributes:
        frame: A box around the hole.
        hole: (rows, columns) bool, of the frame.
        guide: (H, W, 4), the low-passed guide.
        labels: Where each pixel of the hole was copied from.
    """

    frame: Box
    hole: NDArray[np.bool_]
    guide: Pixels
    labels: Labels


def search(
    levels: list[Level],
    stages: list[Stage],
    offsets: NDArray[np.int32],
    crew: Crew,
    checkpoint: Callable[[], None],
    seed: int = 0,
) -> Found | None:
    """Fill the hole of a picture with copies of what is known.

    Args:
        levels: The picture from the finest scale to the coarsest, its hole filled by the guide;
            filled anew in place.
        stages: How each level is searched.
        offsets: (N, 2) int32, steps of the picture's repetition at the finest scale.
        crew: Who helps.
        checkpoint: Called between sweeps; stops the search by raising.
        seed: Which of many searches; each is the same every time.

    Returns:
        What was found, None where the finest scale has no hole or too little is known.
    """
    offsets = offsets[:MOST_STEPS]
    before: Scale | None = None
    for number in reversed(range(len(levels))):
        prepared = _prepare(levels[number])
        if prepared is None:
            if number == 0:
                return None
            before = None  # a coarser field must not be taken for this scale's
            continue
        scale, radius = prepared
        run = _Run(scale, radius, stages[number], _reduced(offsets, number), number, crew, seed)
        run.begin(before)
        labels = run.rounds(first=before is None, checkpoint=checkpoint)
        before = scale
    return None if before is None else Found(scale.frame, run.hole, scale.guide, labels)


def _prepare(level: Level) -> tuple[Scale, int] | None:
    """The scale with patches as large as it has enough of, and their radius."""
    known, hole = level.is_known, level.is_hole
    if not hole.any():
        return None
    enough = min(ENOUGH, ENOUGH_SHARE * hole.size)
    for radius in range(RADIUS, 0, -1):
        state = states(known, hole, radius)
        count = int(np.count_nonzero(state & CENTRE))
        if count >= (enough if radius > 1 else LEAST):
            return Scale(level.picture, state, radius, TARGET), radius
    return None


def _reduced(offsets: NDArray[np.int32], number: int) -> NDArray[np.int32]:
    """The offsets at a coarser scale, each once, without those that became none."""
    reduced = np.unique(np.rint(offsets / 2**number).astype(np.int32), axis=0)
    return np.ascontiguousarray(reduced[(reduced != 0).any(axis=1)])


class _Run:
    """The search at one scale."""

    def __init__(
        self,
        scale: Scale,
        radius: int,
        stage: Stage,
        offsets: NDArray[np.int32],
        number: int,
        crew: Crew,
        seed: int,
    ) -> None:
        self.scale = scale
        self.radius = radius
        self.stage = stage
        self.number = number
        self.crew = crew
        self.seed = seed
        self.centres = _centres(scale.state)
        self.offsets = offsets
        frame = scale.frame.slices
        self.hole = (scale.state[frame] & HOLE) != 0
        self.targets = (scale.state[frame] & TARGET) != 0
        depth = cv2.distanceTransform(self.hole.view(np.uint8), cv2.DIST_L2, 3)
        self.doubt_by_depth = depth * np.float32(np.log(FADING))
        self.faded = np.exp(-self.doubt_by_depth)
        scale.attach_guide(
            np.asarray(cv2.GaussianBlur(scale.picture, (0, 0), stage.blur), np.uint8)
        )
        self.field, self.distance = scale.attach_field()

    def begin(self, before: Scale | None) -> None:
        """Take over the coarser scale's field, and fill the hole by it where there is one."""
        kernels().texture_begin(
            self.scale.pointer,
            before.pointer if before else None,
            address(self.centres),
            len(self.centres),
            _key(self.seed, self.number, 0, 0),
        )
        if before:
            self._vote(self.doubt_by_depth, None)

    def rounds(self, first: bool, checkpoint: Callable[[], None]) -> Labels:
        """Sweep and vote by turns; returns the labels of the last votes."""
        labels = np.zeros((*self.scale.shape, 2), np.int32)
        for number in range(self.stage.rounds):
            self._weigh(blind=first and number == 0)
            for sweep in range(self.stage.sweeps):
                checkpoint()
                self._sweep(number, sweep)
            checkpoint()
            last = number == self.stage.rounds - 1
            self._vote(self._doubt(), labels if last else None)
        return labels

    def _weigh(self, *, blind: bool) -> None:
        """Set the pixels' weights; a hole of which nothing is found yet weighs nothing."""
        weight = np.maximum(self.faded, np.float32(FAINTEST))
        known = self.scale.state[self.scale.frame.slices] & SOURCE != 0
        weight[known] *= np.float32(KNOWN_WEIGHT)
        if blind:
            weight[self.hole] = 0
        self.scale.attach_weights(weight)

    def _sweep(self, number: int, sweep: int) -> None:
        stage, longest = self.stage, max(self.scale.state.shape)
        searching = stage.reach is None
        # Within a round the fill stays: an offset that was worse once is worse again.
        offsets = self.offsets if searching and sweep == 0 else self.offsets[:0]
        struct = SweepStruct(
            radius=self.radius,
            lambda_=stage.guidance,
            mu=FAR / longest,
            reluctance=stage.reluctance,
            reverse=(number * stage.sweeps + sweep) % 2,
            measure=sweep == 0,
            widest=longest // 2 if stage.reach is None else stage.reach,
            key=_key(self.seed, self.number, number + 1, sweep),
            offsets=address(offsets),
            count=len(offsets),
            centres=address(self.centres),
            centre_count=len(self.centres) if searching else 0,
        )
        pointer, passed = self.scale.pointer, ctypes.byref(struct)
        self.scale.apart(self.crew, lambda blocks: kernels().texture_sweep(pointer, passed, blocks))

    def _doubt(self) -> NDArray[np.float32]:
        """How little each match is trusted: by its distance, and by its depth in the hole."""
        distances = self.distance[self.targets]
        rank = len(distances) * TRUSTED // 100
        typical = max(float(np.partition(distances, rank)[rank]), 1e-3)
        doubt = self.distance * np.float32(1 / typical) + self.doubt_by_depth
        return np.asarray(doubt, np.float32)

    def _vote(self, doubt: NDArray[np.float32], labels: Labels | None) -> None:
        pointer, doubts, written = self.scale.pointer, address(doubt), address(labels)
        self.scale.in_blocks(
            self.crew,
            lambda blocks: kernels().texture_vote(pointer, self.radius, doubts, written, blocks),
        )


def _centres(state: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Where known patches are, as y * W + x; of very many only some."""
    flat, size = address(state), state.size
    count = kernels().texture_centres(flat, size, 1, None, 0)
    stride = -(-count // MOST_CENTRES)
    centres = np.empty(-(-count // stride), np.int32)
    kernels().texture_centres(flat, size, stride, address(centres), len(centres))
    return centres


def _key(seed: int, *numbers: int) -> int:
    """What the random numbers of one sweep begin with."""
    key = seed
    for number in numbers:
        key = (key + number + 1) * 0x9E3779B97F4A7C15 % 2**64
        key ^= key >> 29
    return key

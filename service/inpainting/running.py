"""Running windows: cut, put on the lattice, predicted in batches, corrected at the seams."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from service.arrays import Hole, Image, Infer
from service.inpainting.boxes import Box
from service.inpainting.descreening import descreen
from service.inpainting.lattice import add_lattice
from service.inpainting.layers import Layer
from service.inpainting.pasting import paste_coarse
from service.inpainting.plans import Plan, owned
from service.inpainting.seams import correct_seams
from service.inpainting.symmetries import AS_IT_IS, Symmetry
from service.inpainting.thin_holes import widen_thin
from service.traits import Traits

BATCH_PIXELS = 1 << 20
"""Most pixels of windows in one run: 4 windows of 512x512. Bounds the memory that windows need."""


@dataclass(frozen=True, slots=True)
class Job:
    """One window to run.

    Attributes:
        group: Index of the group it is run for.
        layer: The photo at the window's scale.
        box: The window, in pixels of that scale.
        coarser: The next coarser scale, filled; None where the window has nothing to follow.
    """

    group: int
    layer: Layer
    box: Box
    coarser: Layer | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What came of a window.

    Attributes:
        group: Index of the group that it was run for.
        place: The window, counted from its layer's first pixel.
        image: (S, S, 3) uint8, seams corrected.
        mask: (S, S) bool, the pixels that the window was run for.
    """

    group: int
    place: Box
    image: Image
    mask: Hole


class Runner:
    """Runs the windows of one plan and keeps count."""

    def __init__(
        self,
        plan: Plan,
        infer: Infer,
        traits: Traits,
        on_progress: Callable[[int, int], None] | None,
        checkpoint: Callable[[], None] | None,
        symmetry: Symmetry = AS_IT_IS,
    ) -> None:
        self._plan = plan
        self._infer = infer
        self._traits = traits
        self._symmetry = symmetry
        self._on_progress = on_progress
        self._total = len(plan.windows)
        self.checkpoint = checkpoint or (lambda: None)
        self.done = 0

    def run(self, jobs: Iterable[Job]) -> Iterator[Prediction]:
        """Predict windows in the order given; neighbours of equal size share a run."""
        for batch in _batches(jobs):
            self.checkpoint()
            windows = [job.layer.window(job.box) for job in batch]
            masks = [self._mask(job) for job in batch]
            shown = [
                self._shown(job, *window, mask)
                for job, window, mask in zip(batch, windows, masks, strict=True)
            ]
            predicted = self._predict(batch, shown)
            for job, (image, hole), (seen, unseen), mask, prediction in zip(
                batch, windows, shown, masks, predicted, strict=True
            ):
                if job.coarser and self._traits.lattice:
                    prediction = descreen(prediction, mask, self._traits.lattice)
                elif job.coarser:
                    prediction = np.where((mask & ~unseen)[..., None], seen, prediction)
                trusted = self._traits.predicts_known
                corrected = correct_seams(prediction, image, ~hole, mask, trusted=trusted)
                yield Prediction(job.group, job.layer.place(job.box), corrected, mask)
            self.done += len(batch)
            if self._on_progress:
                self._on_progress(self.done, self._total)

    def _predict(self, batch: list[Job], shown: list[tuple[Image, Hole]]) -> list[Image]:
        """Predict what is shown, turned by the symmetry."""
        symmetries = [self._symmetry_for(job) for job in batch]
        turned = [
            symmetry.turn(*window) for symmetry, window in zip(symmetries, shown, strict=True)
        ]
        images, holes = (np.stack(arrays) for arrays in zip(*turned, strict=True))
        predicted = self._infer(images, holes)
        return [symmetry.back(image) for symmetry, image in zip(symmetries, predicted, strict=True)]

    def _symmetry_for(self, job: Job) -> Symmetry:
        """The symmetry, but for windows with a lattice: its points lie where the network knows."""
        return AS_IT_IS if job.coarser and self._traits.lattice else self._symmetry

    def _shown(self, job: Job, image: Image, hole: Hole, mask: Hole) -> tuple[Image, Hole]:
        """What the network sees of a window: holes it knows, and the coarser fill."""
        traits = self._traits
        seen = widen_thin(hole, traits.thinnest_hole)
        if job.coarser is None:
            return image, seen
        if traits.lattice:
            place = (job.box, job.layer, job.coarser)
            return add_lattice(image, seen, mask, *place, traits.lattice)
        return paste_coarse(image, seen, mask, job.box, job.layer, job.coarser, traits.reach)

    def _mask(self, job: Job) -> Hole:
        """The pixels of a window that its group has to fill."""
        inside = job.layer.inside(job.box)
        mask = np.zeros((job.box.height, job.box.width), np.bool_)
        mask[inside.shift(-job.box.top, -job.box.left).slices] = job.layer.hole_in(inside) & owned(
            self._plan.owners, self._plan.cell, job.group, inside, job.layer.factor
        )
        return mask


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    batch: list[Job] = []
    for job in jobs:
        size = job.box.height
        if batch and (batch[0].box.height != size or (len(batch) + 1) * size**2 > BATCH_PIXELS):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch

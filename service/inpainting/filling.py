"""Filling: run a plan's windows and put their predictions into the hole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from service.arrays import Hole, Image, Infer
from service.inpainting.blending import Blend
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.feathering import feather_inside
from service.inpainting.lattice import add_lattice
from service.inpainting.layers import Layer, reduce
from service.inpainting.plans import Group, Plan, Scale, owned
from service.inpainting.seams import correct_seams
from service.inpainting.tiling import OVERLAP

BATCH_PIXELS = 1 << 20
"""Most pixels of windows in one run: 4 windows of 512x512."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled photo.

    Attributes:
        image: (H, W, 3) uint8, equal to the photo outside the hole.
        windows: How many windows were run.
    """

    image: Image
    windows: int


def fill(
    image: Image,
    hole: Hole,
    plan: Plan,
    infer: Infer,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[], None] | None = None,
    feather: int = 0,
) -> Filled:
    """Fill the hole of a photo as planned.

    Args:
        image: (H, W, 3) uint8 RGB. What lies under the hole changes nothing unless `feather` is
            set.
        hole: (H, W) bool, the hole that was planned for.
        plan: What to run.
        infer: Predicts windows of one size.
        on_progress: Called with windows done and windows in all after each run.
        checkpoint: Called between runs and groups; stops the work by raising.
        feather: Pixels over which the fill fades in from the photo's own pixels, inside the hole.

    Raises:
        ValueError: image, hole and plan are not of the same size.
    """
    if not image.shape == (*hole.shape, 3) == (*plan.shape, 3):
        raise ValueError(
            f"image {image.shape}, hole {hole.shape} and plan {plan.shape} differ in size"
        )
    work = _Work(image, hole, plan, infer, on_progress, checkpoint)
    result = work.run()
    if feather > 0:
        feather_inside(result, image, hole, feather)
    return Filled(result, work.done)


@dataclass(frozen=True, slots=True)
class _Job:
    """One window to run: of which group, and at which place of which layer."""

    group: int
    layer: Layer
    box: Box
    coarser: Layer | None = None


class _Work:
    def __init__(
        self,
        image: Image,
        hole: Hole,
        plan: Plan,
        infer: Infer,
        on_progress: Callable[[int, int], None] | None,
        checkpoint: Callable[[], None] | None,
    ) -> None:
        self.photo = Layer(image, hole)
        self.plan = plan
        self.infer = infer
        self.on_progress = on_progress
        self.checkpoint = checkpoint
        self.total = len(plan.windows)
        self.done = 0

    def run(self) -> Image:
        result = self.photo.image.copy()
        single: list[_Job] = []
        for index, group in enumerate(self.plan.groups):
            if self.checkpoint:
                self.checkpoint()
            if len(group.scales) == len(group.scales[-1].windows) == 1:
                single.append(_Job(index, self.photo, group.scales[0].windows[0]))
            else:
                self._fill_large(index, group, result)
        single.sort(key=lambda job: job.box.height)
        for job, prediction in self._predict(single):
            inside = self.photo.inside(job.box)
            local = inside.shift(-job.box.top, -job.box.left).slices
            mask = self._mask(job)[local]
            result[inside.slices][mask] = prediction[local][mask]
        return result

    def _fill_large(self, index: int, group: Group, result: Image) -> None:
        """Fill a group scale by scale, the last one into `result`."""
        coarser: Layer | None = None
        for scale in group.scales:
            layer, target = self.photo, result
            if scale.factor > 1:
                layer = self._reduced(scale)
                target = layer.image.copy()
            self._fill_scale(index, layer, scale, coarser, target)
            coarser = Layer(target, layer.hole, layer.factor, layer.top, layer.left)

    def _reduced(self, scale: Scale) -> Layer:
        height, width = (-(-side // scale.factor) for side in self.plan.shape)
        box = bounding_box(list(scale.windows)).clip(height, width)
        return reduce(self.photo.image, self.photo.hole, box, scale.factor)

    def _fill_scale(
        self, index: int, layer: Layer, scale: Scale, coarser: Layer | None, target: Image
    ) -> None:
        area = layer.inside(bounding_box(list(scale.windows)))
        size = scale.windows[0].height
        local = area.shift(-layer.top, -layer.left)
        blend = Blend(target[local.slices], size, size // OVERLAP)
        jobs = [_Job(index, layer, box, coarser) for box in sorted(scale.windows)]
        for job, prediction in self._predict(jobs):
            blend.add(job.box.shift(-area.top, -area.left), prediction, self._mask(job))
        blend.finish()

    def _predict(self, jobs: Iterable[_Job]) -> Iterator[tuple[_Job, Image]]:
        """Run jobs in batches of equal size; predictions come back corrected at the seams."""
        for batch in _batches(jobs):
            if self.checkpoint:
                self.checkpoint()
            cuts = [job.layer.window(job.box) for job in batch]
            if any(job.coarser for job in batch):
                fed = [
                    _with_lattice(job, *cut, self._mask(job))
                    for job, cut in zip(batch, cuts, strict=True)
                ]
            else:
                fed = cuts
            predictions = self.infer(
                np.stack([image for image, _ in fed]), np.stack([hole for _, hole in fed])
            )
            self.done += len(batch)
            for job, (image, hole), prediction in zip(batch, cuts, predictions, strict=True):
                yield job, correct_seams(prediction, image, ~hole, self._mask(job))
            if self.on_progress:
                self.on_progress(self.done, self.total)

    def _mask(self, job: _Job) -> Hole:
        """The pixels of a window that its group has to fill."""
        layer = job.layer
        inside = layer.inside(job.box)
        mask = np.zeros((job.box.height, job.box.width), np.bool_)
        mask[inside.shift(-job.box.top, -job.box.left).slices] = layer.hole[
            inside.shift(-layer.top, -layer.left).slices
        ] & owned(self.plan.owners, self.plan.cell, job.group, inside, layer.factor)
        return mask


def _with_lattice(job: _Job, image: Image, hole: Hole, mask: Hole) -> tuple[Image, Hole]:
    if job.coarser is None:
        return image, hole
    return add_lattice(image, hole, mask, job.box, job.layer.factor, job.coarser)


def _batches(jobs: Iterable[_Job]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    for job in jobs:
        size = job.box.height
        if batch and (batch[0].box.height != size or (len(batch) + 1) * size**2 > BATCH_PIXELS):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch

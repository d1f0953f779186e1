"""Filling: run a plan's windows and put what they predict into the hole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from service.arrays import Hole, Image, Infer
from service.inpainting.blending import Blend, Paste
from service.inpainting.boxes import bounding_box
from service.inpainting.layers import Layer, reduce
from service.inpainting.plans import Plan, Scale
from service.inpainting.running import BATCH_PIXELS, Job, Runner
from service.inpainting.symmetries import symmetry_of
from service.traits import Traits


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
    traits: Traits | None = None,
    unseen: Hole | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[], None] | None = None,
    out: Image | None = None,
    seed: int = 0,
) -> Filled:
    """Fill the hole of a photo as planned.

    Args:
        image: (H, W, 3) uint8 RGB. What lies under the hole is neither read nor shown to `infer`.
        hole: (H, W) bool, the hole that was planned for.
        plan: What to run.
        infer: Predicts windows of one size.
        traits: What the network behind `infer` can and cannot do; by default `Traits()`.
        unseen: (H, W) bool, the hole and what else is not to be shown to `infer`, such as pixels
            that transparency hides; by default the hole.
        on_progress: Called with windows done and windows in all after each run.
        checkpoint: Called between runs and groups; stops the work by raising.
        out: What is filled: a copy of `image`, or `image` itself. By default a new copy. Holds a
            part of the fill when the work stops with an error.
        seed: Which of eight fills: windows are shown turned, and what is predicted is turned back.

    Raises:
        ValueError: image, hole and plan are not of one size.
    """
    if image.shape != (*hole.shape, 3) or hole.shape != plan.shape:
        raise ValueError(
            f"image {image.shape}, hole {hole.shape} and plan {plan.shape} differ in size"
        )
    photo = Layer(image, hole, unseen=unseen)
    result = image.copy() if out is None else out
    runner = Runner(plan, infer, traits or Traits(), on_progress, checkpoint, symmetry_of(seed))
    for indices in _together(plan):
        runner.checkpoint()
        _fill_groups(photo, plan, indices, runner, result)
    return Filled(result, runner.done)


def _together(plan: Plan) -> Iterator[list[int]]:
    """Groups to fill side by side: as many of equal scales, one window each, as share a run."""

    def shape(index: int) -> list[tuple[int, int]]:
        scales = plan.groups[index].scales
        return [(scale.factor, window.height) for scale in scales for window in scale.windows]

    for windows, alike in groupby(sorted(range(len(plan.groups)), key=shape), key=shape):
        indices = list(alike)
        compact = len(windows) == len(plan.groups[indices[0]].scales)
        count = BATCH_PIXELS // max(size for _, size in windows) ** 2 if compact else 1
        for start in range(0, len(indices), max(1, count)):
            yield indices[start : start + max(1, count)]


def _fill_groups(
    photo: Layer, plan: Plan, indices: list[int], runner: Runner, result: Image
) -> None:
    """Fill groups with as many scales each, scale by scale, the last one into `result`."""
    coarser: list[Layer | None] = [None] * len(indices)
    for scales in zip(*(plan.groups[index].scales for index in indices), strict=True):
        layers = [_layer(photo, scale) for scale in scales]
        jobs: list[Job] = []
        blends: dict[int, Blend | Paste] = {}
        for index, scale, layer, before in zip(indices, scales, layers, coarser, strict=True):
            target = result if layer is photo else layer.image
            if len(scale.windows) == 1:
                blends[index] = Paste(target)
            else:
                hole = layer.inside(plan.groups[index].hole.reduce(scale.factor))
                blends[index] = Blend(target, layer.place(hole), scale.windows[0].height)
            jobs += [Job(index, layer, window, before) for window in sorted(scale.windows)]
        for prediction in runner.run(jobs):
            blends[prediction.group].add(prediction.place, prediction.image, prediction.mask)
        for blend in blends.values():
            blend.finish()
        coarser = list(layers)


def _layer(photo: Layer, scale: Scale) -> Layer:
    """The photo itself, or at a coarser scale a copy of the part that the windows show.

    The copy's hole is filled in place: windows never show what lies under the hole.
    """
    if scale.factor == 1:
        return photo
    height, width = (-(-side // scale.factor) for side in photo.hole.shape)
    box = bounding_box(list(scale.windows)).clip(height, width)
    return reduce(photo.image, photo.missing, box, scale.factor)

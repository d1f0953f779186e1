"""Filling: run a plan's windows and put what they predict into the hole."""

from collections.abc import Callable
from dataclasses import dataclass

from service.arrays import Hole, Image, Infer
from service.inpainting.blending import Blend
from service.inpainting.boxes import bounding_box
from service.inpainting.feathering import feather_inside
from service.inpainting.layers import Layer, reduce
from service.inpainting.plans import Group, Plan, Scale
from service.inpainting.running import Job, Runner
from service.inpainting.tiling import OVERLAP


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
        image: (H, W, 3) uint8 RGB. What lies under the hole is neither read nor shown to `infer`,
            unless `feather` is set.
        hole: (H, W) bool, the hole that was planned for.
        plan: What to run.
        infer: Predicts windows of one size.
        on_progress: Called with windows done and windows in all after each run.
        checkpoint: Called between runs and groups; stops the work by raising.
        feather: Pixels over which the fill fades in from the photo's own pixels, inside the hole.

    Returns:
        A new image; the one given is not changed.

    Raises:
        ValueError: image, hole and plan are not of one size.
    """
    if image.shape != (*hole.shape, 3) or hole.shape != plan.shape:
        raise ValueError(
            f"image {image.shape}, hole {hole.shape} and plan {plan.shape} differ in size"
        )
    photo = Layer(image, hole)
    result = image.copy()
    runner = Runner(plan, infer, on_progress, checkpoint)
    _fill_single(photo, plan, runner, result)
    for index, group in enumerate(plan.groups):
        if not _is_single(group):
            runner.checkpoint()
            _fill_scales(photo, index, group, runner, result)
    if feather > 0:
        runner.checkpoint()
        feather_inside(result, image, hole, feather)
    return Filled(result, runner.done)


def _is_single(group: Group) -> bool:
    """Whether one native window is all there is to run for a group."""
    return len(group.scales) == len(group.scales[0].windows) == 1


def _fill_single(photo: Layer, plan: Plan, runner: Runner, result: Image) -> None:
    """Fill all groups of one window each, windows of equal size together."""
    jobs = [
        Job(index, photo, group.scales[0].windows[0])
        for index, group in enumerate(plan.groups)
        if _is_single(group)
    ]
    for prediction in runner.run(sorted(jobs, key=lambda job: job.box.height)):
        inside = photo.inside(prediction.box)
        local = inside.shift(-prediction.box.top, -prediction.box.left).slices
        mask = prediction.mask[local]
        result[inside.slices][mask] = prediction.image[local][mask]


def _fill_scales(photo: Layer, index: int, group: Group, runner: Runner, result: Image) -> None:
    """Fill a group scale by scale, the last one into `result`."""
    coarser: Layer | None = None
    for scale in group.scales:
        layer = photo if scale.factor == 1 else _reduced(photo, scale)
        target = result if scale.factor == 1 else layer.image.copy()
        _fill_scale(index, layer, scale, coarser, runner, target)
        coarser = Layer(target, layer.hole, layer.factor, layer.top, layer.left)


def _reduced(photo: Layer, scale: Scale) -> Layer:
    """The part of the photo that a scale's windows show, at that scale."""
    height, width = (-(-side // scale.factor) for side in photo.hole.shape)
    box = bounding_box(list(scale.windows)).clip(height, width)
    return reduce(photo.image, photo.hole, box, scale.factor)


def _fill_scale(
    index: int, layer: Layer, scale: Scale, coarser: Layer | None, runner: Runner, target: Image
) -> None:
    """Run the windows of one scale and blend them into `target`, the picture of `layer`."""
    area = layer.inside(bounding_box(list(scale.windows)))
    size = scale.windows[0].height
    local = area.shift(-layer.top, -layer.left)
    blend = Blend(target[local.slices], size, size // OVERLAP)
    jobs = [Job(index, layer, box, coarser) for box in sorted(scale.windows)]
    for prediction in runner.run(jobs):
        box = prediction.box.shift(-area.top, -area.left)
        blend.add(box, prediction.image, prediction.mask)
    blend.finish()

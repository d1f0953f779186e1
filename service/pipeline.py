"""How a request flows: decode, mask, plan, infer, texture, composite, encode.

Each step takes the work and changes it; between steps the ticket is asked whether to go on. The
steps know arrays and files, not HTTP and not ONNX Runtime.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.arrays import Hole, Image
from service.errors import Unavailable
from service.imaging.cropping import cropped
from service.imaging.decoding import Photo, decode_photo
from service.imaging.encoding import Encoding, OutputFormat, assemble, check_encodable, write
from service.imaging.masks import (
    check_hole,
    decode_alpha_mask,
    decode_mask,
    dilate,
    hole_of_transparency,
)
from service.imaging.metadata import MetadataMode
from service.imaging.transparency import (
    constant_around,
    cover,
    fill_constant,
    filled_alpha,
    unseen_pixels,
)
from service.inpainting import Plan, fill, plan
from service.inpainting.boxes import Box, bounding_box
from service.inpainting.feathering import Under, feather_inside, under_hole
from service.networks.network import Network
from service.queueing.backlog import Backlog
from service.queueing.lane import LaneClient
from service.record import Timings
from service.texturing import TextureMode, TextureOutcome, TexturePlan, Texturing
from service.ticket import Ticket

Part = TypeVar("Part")

# ITU-R BT.601 luma, the weights by which Pillow turns RGB into grey.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(slots=True)
class Work:
    """One photo on its way through the steps.

    `model` is the name of the network that is to fill it, where there are several; `network` is
    that network while the work is under way.

    Of what comes out of them: `size` is the photo's (width, height), `changed` the smallest box
    that holds all that differs from it, None where nothing does. `answer` is empty where only that
    box was asked for and there is none.
    """

    image: BinaryIO
    mask: BinaryIO | None
    invert_mask: bool
    dilate: int
    output: OutputFormat
    ticket: Ticket
    model: str | None = None
    mask_is_alpha: bool = False
    feather: int = 0
    crop: bool = False
    texture: TextureMode | None = None
    seed: int = 0
    metadata: MetadataMode = "keep"
    on_progress: Callable[[int, int], None] | None = None
    timings: Timings = field(default_factory=Timings)
    network: Network | None = None
    photo: Photo | None = None
    hole: Hole | None = None
    plan: Plan | None = None
    texture_plan: TexturePlan | None = None
    alpha_around: list[int | None] | None = None
    cost_s: float = 0.0
    filled: Image | None = None
    under: Under | None = None
    size: tuple[int, int] = (0, 0)
    changed: Box | None = None
    windows: int = 0
    textured: TextureOutcome = "none"
    answer: bytes = b""

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of what changed; zeros where nothing did."""
        box = self.changed or Box(0, 0, 0, 0)
        return box.left, box.top, box.width, box.height


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything the steps need that outlives a request.

    Attributes:
        backlog: What other requests still need, of whichever networks.
        max_pixels: Limit of an image's pixels.
        encoding: How answers are written.
        texturing: What follows the network's fill.
        provenance: Whether filled photos say that a model made part of them.
    """

    backlog: Backlog
    max_pixels: int
    encoding: Encoding
    texturing: Texturing
    provenance: bool = True

    def run(self, work: Work, network: Network) -> Work:
        """Take a photo through all steps. Blocks; made for a worker thread.

        Args:
            work: What to do; holds the answer afterwards.
            network: What fills it.

        Raises:
            ServiceError: the request cannot be answered; says why.
            ClientGone: nobody waits for the answer any more.
        """
        steps: tuple[Callable[[Work], None], ...] = (
            self.decode,
            self.read_mask,
            self.make_plan,
            self.infer,
            self.texture,
            self.composite,
            self.encode,
        )
        work.network = network
        try:
            for step in steps:
                work.ticket.check()
                step(work)
        finally:
            work.network = None
            self.backlog.remove(work.ticket)
        return work

    def decode(self, work: Work) -> None:
        """The photo's file to arrays."""
        with work.timings.measure("decode"):
            work.photo = decode_photo(work.image, self.max_pixels)
            work.photo.metadata = work.photo.metadata.for_mode(work.metadata)
            work.size = work.photo.width, work.photo.height
            if not work.crop:
                check_encodable(*work.size, work.output)

    def read_mask(self, work: Work) -> None:
        """The mask's file, or the photo's transparency, to a hole."""
        with work.timings.measure("mask"):
            photo = _present(work.photo)
            if work.mask is None:
                hole = hole_of_transparency(photo.alpha, photo.height, photo.width)
            elif work.mask_is_alpha:
                hole = decode_alpha_mask(work.mask, self.max_pixels)
            else:
                hole = decode_mask(work.mask, self.max_pixels, invert=work.invert_mask, photo=photo)
            check_hole(hole, photo)
            if work.dilate:
                hole = dilate(hole, work.dilate)
                check_hole(hole, photo)
            work.hole = hole

    def make_plan(self, work: Work) -> None:
        """The hole to windows, if the work can be done in time."""
        with work.timings.measure("plan"):
            hole = _present(work.hole)
            if not hole.any():
                return
            # Planned by what the warm-up measured, priced by the latest runs: were plans to follow
            # those, a photo would be filled differently from one busy minute to the next.
            network = _present(work.network)
            costs, reach = network.costs.warm(), network.info.traits.reach
            work.plan = plan(hole, tuple(costs), reach=reach, costs=costs)
            work.changed = bounding_box([group.hole for group in work.plan.groups])
            if work.crop:
                check_encodable(work.changed.width, work.changed.height, work.output)
            work.alpha_around = _alpha_around(work)
            price_s = network.costs.price(window.height for window in work.plan.windows)
            work.cost_s = _passes(work) * price_s
            self._plan_texture(work, hole)

    def _plan_texture(self, work: Work, hole: Hole) -> None:
        """Take on the windows and the texture, or only the windows if it may be left out."""
        texture = self.texturing.plan(hole, work.texture)
        try:
            self.backlog.add(work.ticket, work.cost_s + texture.seconds)
        except Unavailable:
            if not self._may_skip_texture(work) or not texture.seconds:
                raise
            texture = TexturePlan([], "late")
            self.backlog.add(work.ticket, work.cost_s)
        work.texture_plan = texture

    def _may_skip_texture(self, work: Work) -> bool:
        return (work.texture or self.texturing.mode) == "auto"

    def infer(self, work: Work) -> None:
        """The windows to predictions, put into the hole."""
        if work.plan is None:
            return

        lane = _present(work.network).lane
        with lane.client(work.ticket) as client, work.timings.measure("composite"):
            photo, hole = _present(work.photo), _present(work.hole)
            image = photo.rgb()
            try:
                unseen = unseen_pixels(hole, photo.alpha)
                if work.feather:
                    work.under = under_hole(image, photo.alpha, hole)
                work.filled = self._fill(work, image, client, unseen)
                if photo.alpha is not None and _passes(work) > 1:
                    opacity = np.repeat(photo.alpha[:, :, np.newaxis], 3, axis=2)
                    opacity = self._fill(work, opacity, client, None)
                    photo.alpha[hole] = filled_alpha(opacity, photo.alpha, hole)
            finally:
                # What `fill` took beyond the lane is cutting, seams and blending. Said of failures
                # too: a passed deadline that was spent in the lane must not look like compositing.
                work.timings.add("queue", client.queue_s)
                work.timings.add("infer", client.infer_s)
                work.timings.add("composite", -client.queue_s - client.infer_s)

    def _fill(self, work: Work, image: Image, client: LaneClient, unseen: Hole | None) -> Image:
        """Fill an image in place, as planned; alpha is filled like the colours, after them."""
        before, windows = work.windows, len(_present(work.plan).windows) * _passes(work)

        def on_progress(done: int, _: int) -> None:
            texture = _present(work.texture_plan)
            left = 1 - (before + done) / windows
            self.backlog.remain(work.ticket, work.cost_s * left + texture.seconds)
            if work.on_progress is not None:
                work.on_progress(before + done, windows + len(texture.contexts))

        filled = fill(
            image,
            _present(work.hole),
            _present(work.plan),
            client,
            traits=_present(work.network).info.traits,
            unseen=unseen,
            on_progress=on_progress,
            checkpoint=work.ticket.check,
            out=image,
            seed=work.seed,
        )
        work.windows += filled.windows
        return filled.image

    def texture(self, work: Work) -> None:
        """What the network filled, rebuilt from copies of what is known."""
        if work.filled is None:
            return
        planned = _present(work.texture_plan)
        if planned.outcome is not None:
            work.textured = planned.outcome
            return
        groups = len(planned.contexts)

        def on_progress(done: int, total: int) -> None:
            self.backlog.remain(work.ticket, planned.seconds * (1 - done / total))
            if work.on_progress is not None:
                work.on_progress(work.windows + done, work.windows + total)

        with work.timings.measure("texture"):
            photo, hole = _present(work.photo), _present(work.hole)
            if photo.is_grey:  # compared with grey, and copied where it is like it
                work.filled[hole] = _luma(work.filled[hole])[:, np.newaxis]
            work.textured = self.texturing.apply(
                work.filled,
                hole,
                None if photo.alpha is None else photo.alpha > 0,
                planned,
                work.ticket,
                may_skip=self._may_skip_texture(work),
                on_progress=on_progress,
                seed=work.seed,
            )
        if work.textured == "late" and work.on_progress is not None:
            work.on_progress(work.windows + groups, work.windows + groups)

    def composite(self, work: Work) -> None:
        """The filled picture back to what the photo is: grey stays grey, holes become opaque."""
        if work.filled is None:
            return
        with work.timings.measure("composite"):
            photo, hole = _present(work.photo), _present(work.hole)
            if work.under is not None:
                feather_inside(work.filled, work.under, hole, work.feather)
            if photo.is_grey:
                photo.pixels[hole] = _luma(work.filled[hole])
            else:
                photo.pixels = work.filled
            if photo.alpha is not None and work.mask is None:
                work.changed = cover(photo.alpha, hole)
            elif photo.alpha is not None:
                around = _present(work.alpha_around)
                fill_constant(photo.alpha, hole, _present(work.plan), around)
            work.filled = work.hole = work.under = None

    def encode(self, work: Work) -> None:
        """The photo to a file."""
        with work.timings.measure("encode"):
            photo = _present(work.photo)
            if work.crop:
                if work.changed is None:
                    return
                photo = work.photo = cropped(photo, work.changed)
                check_encodable(photo.width, photo.height, work.output)
            image, icc = assemble(photo, work.output, self.encoding), photo.icc
            metadata = photo.metadata
            if self.provenance and work.changed is not None:
                metadata = metadata.marked_filled()
            del photo
            work.photo = None  # where `image` is a copy, the arrays go before the file grows
            work.answer = write(image, icc, work.output, self.encoding, metadata)


def _alpha_around(work: Work) -> list[int | None] | None:
    """The alpha around each group of holes; None where alpha is not to be filled.

    A hole that the photo's own transparency marks becomes opaque.
    """
    alpha = _present(work.photo).alpha
    if alpha is None or work.mask is None:
        return None
    return constant_around(alpha, _present(work.hole), _present(work.plan))


def _passes(work: Work) -> int:
    """How often the windows are run: for the colours, and for alpha if it varies around a hole."""
    return 2 if None in (work.alpha_around or []) else 1


def _luma(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey of colours (N, 3)."""
    return np.asarray(np.rint(colours @ LUMA), np.uint8)


def _present(value: Part | None) -> Part:
    """A part of the work that an earlier step has made."""
    if value is None:
        raise RuntimeError("a step ran before the step that it builds on")
    return value

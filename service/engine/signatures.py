"""Signatures: how windows are given to a network, and how its picture is read back.

`KNOWN` lists those in use. What a signature leaves open (which polarity the mask has, which range
the output) is `Coding`'s to say; the probe finds it out.

Traits of networks that are not ours come from what their authors publish of the architecture; they
are untested on real weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from service.traits import Traits

Layout = Literal["NHWC", "NCHW"]
Part = Literal["picture", "mask"]
CHANNELS: Mapping[Part, int] = {"picture": 3, "mask": 1}
FLOATS = ("float32", "float16")


class Range(NamedTuple):
    """What black and white are as numbers."""

    black: float
    white: float

    def __str__(self) -> str:
        """Such as `0..255`."""
        return f"{self.black:g}..{self.white:g}"


class MaskValues(NamedTuple):
    """What is written into the mask."""

    known: float
    hole: float

    def __str__(self) -> str:
        """Such as `0 is known, 1 is hole`."""
        return f"{self.known:g} is known, {self.hole:g} is hole"


BYTES, UNIT, SIGNED = Range(0, 255), Range(0, 1), Range(-1, 1)
RANGES = {str(each): each for each in (BYTES, UNIT, SIGNED)}


@dataclass(frozen=True, slots=True)
class Signature:
    """One way of giving windows to networks.

    Attributes:
        name: Short name, for settings.
        about: What has it, one line.
        layout: Order of the axes.
        inputs: What each input stacks along its channels, in that order.
        elements: Types of numbers that inputs and output may have.
        picture: Range of the picture's values.
        blank: Whether what lies under the hole is 0 (as a number, not as a colour).
        masks: Values of the mask; others than the first are what the probe tries as well.
        answers: Ranges of the output, likewise.
        blend: Pixels from a hole's rim inwards that come back mixed with what lies under the hole;
            holes are shown larger by as many.
        traits: What such a network can do, where its file does not say.
        batch: Most windows of a run; 0: any number.
    """

    name: str
    about: str
    layout: Layout
    inputs: tuple[tuple[Part, ...], ...]
    elements: tuple[str, ...]
    picture: Range
    blank: bool
    masks: tuple[MaskValues, ...]
    answers: tuple[Range, ...]
    blend: int = 0
    traits: Traits = field(default_factory=Traits)
    batch: int = 0

    @property
    def channel_axis(self) -> int:
        """Where the channels are among the axes."""
        return self.layout.index("C")

    @property
    def tensors(self) -> str:
        """Inputs and output in words."""
        types = " or ".join(self.elements)
        inputs = " and ".join(
            f"{self._shape(sum(CHANNELS[part] for part in parts))} ({', '.join(parts)})"
            for parts in self.inputs
        )
        return f"{inputs}, output {self._shape(CHANNELS['picture'])}, {types}"

    def __str__(self) -> str:
        """Name, inputs and output in words."""
        return f"{self.name}: {self.tensors}"

    def _shape(self, channels: int) -> str:
        return f"[N,H,W,{channels}]" if self.layout == "NHWC" else f"[N,{channels},H,W]"


def _both(known: float, hole: float) -> tuple[MaskValues, MaskValues]:
    return MaskValues(known, hole), MaskValues(hole, known)


TWO_INPUTS: tuple[tuple[Part, ...], ...] = (("picture",), ("mask",))

PCONV = Signature(
    "pconv",
    "this project's networks (`service.engine.contract`)",
    "NHWC",
    TWO_INPUTS,
    ("uint8",),
    picture=BYTES,
    blank=False,
    masks=_both(0, 1),
    answers=(BYTES,),
)

LAMA = Signature(
    "lama",
    "LaMa as most programs use it (lama_fp32.onnx), also for 1024 pixels or manga",
    "NCHW",
    TWO_INPUTS,
    FLOATS,
    picture=UNIT,
    blank=False,
    masks=_both(0, 1),
    answers=(BYTES, UNIT, SIGNED),
    # Fourier convolutions see the whole window; the encoder halves three times.
    traits=Traits(stride=8, reach=256, lattice=0, pixel_bytes=2400),
)

LAMA_WEB = Signature(
    "lama-web",
    "LaMa as browsers use it: one input, mask last",
    "NCHW",
    (("picture", "mask"),),
    FLOATS,
    picture=UNIT,
    blank=True,
    masks=_both(0, 1),
    answers=(UNIT, BYTES, SIGNED),
    traits=Traits(stride=32, reach=256, lattice=0, pixel_bytes=2400),
)

MIGAN = Signature(
    "migan",
    "MI-GAN as a pipeline (migan_pipeline_v2.onnx)",
    "NCHW",
    TWO_INPUTS,
    ("uint8",),
    picture=BYTES,
    blank=False,
    masks=_both(255, 0),
    answers=(BYTES,),
    blend=3,  # takes the largest of 3x3 known pixels, then blurs that over 5x5
    traits=Traits(reach=256, lattice=0, pixel_bytes=800),
    batch=1,  # cuts around the holes of all its pictures together
)

MIGAN_BARE = Signature(
    "migan-bare",
    "MI-GAN without its pipeline: one input, mask first",
    "NCHW",
    (("mask", "picture"),),
    FLOATS,
    picture=SIGNED,
    blank=True,
    masks=_both(0.5, -0.5),
    answers=(SIGNED, UNIT, BYTES),
    traits=Traits(stride=128, reach=256, lattice=0, pixel_bytes=800),
)

KNOWN = {each.name: each for each in (PCONV, LAMA, LAMA_WEB, MIGAN, MIGAN_BARE)}

"""Stand-ins for networks that were not at hand: the same inputs and outputs, nothing learnt.

Each fills with the mean of the known pixels by channel, so that every mistake of range, polarity,
layout or order of colours shows in a number.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, compose, helper

BYTES, UNIT, SIGNED = (0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)
ELEMENTS = {
    "uint8": TensorProto.UINT8,
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
}
CHANNELS = {"picture": 3, "mask": 1}


@dataclass(frozen=True)
class StandIn:
    """What a stand-in takes and gives.

    Attributes:
        signature: What it should be recognised as.
        inputs: Parts by the names of the inputs.
        layout: Order of the axes.
        element: Type of inputs and output.
        picture: What black and white are in the input.
        mask: What known and hole are.
        answer: What black and white are in the output.
        output: Name of the output.
        size: Its only window size; None: any.
        batch: Its only batch; None: any.
        pastes: Whether known pixels come back as they were given.
        blends: Whether that goes 3 pixels into the hole, as in MI-GAN's pipeline: the mask is
            widened and blurred, and what lies under the hole shows through; and levels are cut
            down, not rounded.
    """

    signature: str
    inputs: dict[str, tuple[str, ...]]
    layout: str
    element: str
    picture: tuple[float, float]
    mask: tuple[float, float]
    answer: tuple[float, float]
    output: str = "output"
    size: int | None = None
    batch: int | None = None
    pastes: bool = False
    blends: bool = False

    def __str__(self) -> str:
        """For the names of tests."""
        of = "x".join(f"{value:g}" for value in (*self.mask, *self.answer))
        return f"{self.signature} {self.element} {of} {self.size or 'dynamic'}"

    def write(
        self,
        path: Path,
        properties: dict[str, str] | None = None,
        network: onnx.ModelProto | None = None,
    ) -> Path:
        """Write it as an ONNX file; what fills is `network`, one of ours, if it is given."""
        return _Graph(self, network).write(path, properties or {})


PCONV = StandIn(
    "pconv",
    {"image": ("picture",), "mask": ("mask",)},
    "NHWC",
    "uint8",
    BYTES,
    (0, 1),
    BYTES,
    output="prediction",
)
LAMA = StandIn(
    "lama", {"image": ("picture",), "mask": ("mask",)}, "NCHW", "float32", UNIT, (0, 1), BYTES
)
LAMA_WEB = StandIn(
    "lama-web", {"input": ("picture", "mask")}, "NCHW", "float32", UNIT, (0, 1), UNIT
)
MIGAN = StandIn(
    "migan",
    {"image": ("picture",), "mask": ("mask",)},
    "NCHW",
    "uint8",
    BYTES,
    (255, 0),
    BYTES,
    output="result",
    pastes=True,
    blends=True,
)
MIGAN_BARE = StandIn(
    "migan-bare", {"x": ("mask", "picture")}, "NCHW", "float32", SIGNED, (0.5, -0.5), SIGNED
)
ROWS = {each.signature: each for each in (PCONV, LAMA, LAMA_WEB, MIGAN, MIGAN_BARE)}


def variations(size: int) -> Iterator[StandIn]:
    """Every row with both polarities; of one size and of any; each type; each range it may have."""
    for row, swap, fixed in product(ROWS.values(), (False, True), (None, size)):
        mask = row.mask[::-1] if swap else row.mask
        changed = replace(row, mask=mask, size=fixed, batch=fixed and 1)
        if row is PCONV and swap:  # by its own names it would be taken at its word
            changed = replace(changed, inputs={"photo": ("picture",), "m": ("mask",)})
        if row.element == "uint8":
            yield changed
            continue
        for element, answer in product(("float32", "float16"), (BYTES, UNIT, SIGNED)):
            yield replace(changed, element=element, answer=answer)


class _Graph:
    """Builds a stand-in's graph node by node; inside, pictures are NCHW and float32 levels."""

    def __init__(self, of: StandIn, network: onnx.ModelProto | None) -> None:
        self._of = of
        self._network = network and compose.add_prefix(network, "of_ours_")
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def write(self, path: Path, properties: dict[str, str]) -> Path:
        of = self._of
        parts = self._parts()
        known = self._add("Greater", self._scaled(parts["mask"], *of.mask[::-1]), self._number(0.5))
        known = self._add("Cast", known, to=TensorProto.FLOAT)
        levels = self._scaled(parts["picture"], *of.picture, 255)
        filled = self._filled(levels, known) if self._network else self._mean(levels, known)
        shown = self._add("Mul", known, self._number(float(of.pastes)))
        shown = self._blurred(shown) if of.blends else shown
        filled = self._add("Mul", filled, self._one_minus(shown))
        self._answer(self._add("Add", filled, self._add("Mul", levels, shown)))
        stacks = {name: sum(CHANNELS[part] for part in parts) for name, parts in of.inputs.items()}
        graph = helper.make_graph(
            self._nodes,
            "stand-in",
            [self._tensor(name, channels) for name, channels in stacks.items()],
            [self._tensor(of.output, 3)],
            self._constants,
        )
        opset = self._network.opset_import if self._network else [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        helper.set_model_props(model, properties)
        onnx.save(model, path)
        return path

    def _parts(self) -> dict[str, str]:
        """Picture and mask, cast to float32 and brought to NCHW."""
        parts = {}
        for name, names in self._of.inputs.items():
            stack = self._add("Cast", name, to=TensorProto.FLOAT)
            if self._of.layout == "NHWC":
                stack = self._add("Transpose", stack, perm=(0, 3, 1, 2))
            start = 0
            for part in names:
                stop = start + CHANNELS[part]
                ends = (self._integers(value) for value in (start, stop, 1))
                parts[part] = self._add("Slice", stack, *ends)
                start = stop
        return parts

    def _mean(self, levels: str, known: str) -> str:
        axes = self._integers(2, 3)
        total = self._add("ReduceSum", self._add("Mul", levels, known), axes)
        count = self._add("Max", self._add("ReduceSum", known, axes), self._number(1))
        return self._add("Div", total, count)

    def _filled(self, levels: str, known: str) -> str:
        """What a network that keeps our contract makes of it."""
        assert self._network is not None
        given = {
            "of_ours_image": self._add("Round", levels),
            "of_ours_mask": self._one_minus(known),
        }
        for name, value in given.items():
            value = self._add("Transpose", value, perm=(0, 2, 3, 1))
            self._nodes.append(helper.make_node("Cast", [value], [name], to=TensorProto.UINT8))
        self._nodes += self._network.graph.node
        self._constants += self._network.graph.initializer
        picture = self._add("Cast", "of_ours_prediction", to=TensorProto.FLOAT)
        return self._add("Transpose", picture, perm=(0, 3, 1, 2))

    def _blurred(self, known: str) -> str:
        wide = self._add("MaxPool", known, kernel_shape=(3, 3), pads=(1, 1, 1, 1))
        padded = self._add("Pad", wide, self._integers(0, 0, 2, 2, 0, 0, 2, 2), mode="reflect")
        row = [math.exp(-(((place - 2) / 2) ** 2)) for place in range(5)]
        kernel = [a * b / sum(row) ** 2 for a, b in product(row, row)]
        weights = helper.make_tensor("", TensorProto.FLOAT, [1, 1, 5, 5], kernel)
        return self._add("Conv", padded, self._constant(weights))

    def _scaled(self, value: str, low: float, high: float, top: float = 1) -> str:
        """From low..high to 0..top."""
        shifted = self._add("Sub", value, self._number(low))
        return self._add("Mul", shifted, self._number(top / (high - low)))

    def _answer(self, picture: str) -> None:
        of = self._of
        black, white = of.answer
        scaled = self._add("Mul", picture, self._number((white - black) / 255))
        value = self._add("Add", scaled, self._number(black))
        if of.element == "uint8" and not of.blends:
            value = self._add("Round", value)
        if of.layout == "NHWC":
            value = self._add("Transpose", value, perm=(0, 2, 3, 1))
        cast = helper.make_node("Cast", [value], [of.output], to=ELEMENTS[of.element])
        self._nodes.append(cast)

    def _add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        name = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def _one_minus(self, value: str) -> str:
        return self._add("Sub", self._number(1), value)

    def _number(self, value: float) -> str:
        return self._constant(helper.make_tensor("", TensorProto.FLOAT, [], [value]))

    def _integers(self, *values: int) -> str:
        return self._constant(helper.make_tensor("", TensorProto.INT64, [len(values)], values))

    def _constant(self, tensor: onnx.TensorProto) -> str:
        tensor.name = f"constant{len(self._constants)}"
        self._constants.append(tensor)
        return tensor.name

    def _tensor(self, name: str, channels: int) -> onnx.ValueInfoProto:
        rows, columns = (self._of.size or side for side in ("H", "W"))
        shape = [self._of.batch or "N", channels, rows, columns]
        if self._of.layout == "NHWC":
            shape = [shape[0], rows, columns, channels]
        return helper.make_tensor_value_info(name, ELEMENTS[self._of.element], shape)

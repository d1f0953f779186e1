"""What an ONNX file says of itself, read without its weights.

An ONNX file is one protobuf message. Its parts have lengths, so that a walk over them can step over
the weights and read inputs, outputs and properties alone: no more than some pages of the file are
touched, whatever its size. Source: `onnx.proto` of the ONNX project (field numbers below).
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.engine.base import EngineError

MODEL_IR, MODEL_GRAPH, MODEL_PROPERTIES = 1, 7, 14
MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""All fields of a model and how they are written; another one means that it is no ONNX file."""
GRAPH_WEIGHTS, GRAPH_INPUT, GRAPH_OUTPUT = 5, 11, 12
WEIGHTS_NAME, WEIGHTS_ELSEWHERE = 8, 13
VALUE_NAME, VALUE_TYPE = 1, 2
TYPE_TENSOR = 1
TENSOR_ELEMENT, TENSOR_SHAPE = 1, 2
SHAPE_DIMENSION = 1
DIMENSION_VALUE = 1
ENTRY_KEY, ENTRY_VALUE = 1, 2

ELEMENTS = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    16: "bfloat16",
}
OLD_IR = 4  # files older than this list their weights among the inputs
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LFS = b"version https://git-lfs"

Value = int | tuple[int, int]
"""A number, or where bytes begin and end in the file."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output.

    Attributes:
        name: Its name.
        element: Type of its elements as NumPy names it (`uint8`, `float16`, `float32`, ...).
        shape: Lengths along its axes, None where a length is not fixed; None for the whole shape
            where the file does not tell it.
    """

    name: str
    element: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        """Such as `image: float32 [?, 3, 512, 512]`."""
        axes = "shape unknown"
        if self.shape is not None:
            sides = ("?" if side is None else str(side) for side in self.shape)
            axes = f"[{', '.join(sides)}]"
        return f"{self.name}: {self.element} {axes}"


@dataclass(frozen=True, slots=True)
class Outline:
    """What a model file says of itself.

    Attributes:
        inputs: Its inputs, without weights.
        outputs: Its outputs.
        properties: What it says in words.
        beside: Names of the files beside it in which weights lie.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Inputs and outputs in words."""
        inputs, outputs = (
            "; ".join(map(str, tensors)) or "none" for tensors in (self.inputs, self.outputs)
        )
        return f"inputs {inputs}; outputs {outputs}"


def read_outline(model: Path) -> Outline:
    """Read the outline of an ONNX file.

    Raises:
        EngineError: there is no such file, or it is empty, cut off or no ONNX file; says which.
    """
    try:
        with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Walker(data).outline()
    except _NotOnnxError as error:
        raise EngineError(f"{model} cannot be loaded as an ONNX model: {error}") from error
    except (OSError, ValueError) as error:
        empty = model.is_file() and model.stat().st_size == 0
        reason = "it is empty" if empty else error
        raise EngineError(f"{model} cannot be loaded as an ONNX model: {reason}") from error


class _NotOnnxError(Exception):
    pass


class _Walker:
    """Walks over the bytes of a model."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._size = len(data)

    def outline(self) -> Outline:
        if self._data[: len(LFS)] == LFS:
            raise _NotOnnxError("it is a pointer of Git LFS; fetch the file itself: git lfs pull")
        version, graph, properties = 0, None, {}
        for number, value in self._fields(0, self._size, MODEL_FIELDS):
            if number == MODEL_IR:
                version = self._number(value)
            elif number == MODEL_GRAPH:
                graph = value
            elif number == MODEL_PROPERTIES:
                key, text = self._entry(value)
                properties[key] = text
        if graph is None:
            raise _NotOnnxError("it has no graph, so it is cut off or no ONNX file")
        return self._graph(graph, version, properties)

    def _graph(self, graph: Value, version: int, properties: Mapping[str, str]) -> Outline:
        inputs, outputs, weights, beside = [], [], set(), set()
        for number, value in self._fields(*self._span(graph)):
            if number == GRAPH_INPUT:
                inputs.append(self._tensor(value))
            elif number == GRAPH_OUTPUT:
                outputs.append(self._tensor(value))
            elif number == GRAPH_WEIGHTS:
                name, file = self._weights(value)
                weights.add(name)
                beside.add(file)
        if version < OLD_IR:
            inputs = [tensor for tensor in inputs if tensor.name not in weights]
        return Outline(tuple(inputs), tuple(outputs), properties, frozenset(beside - {""}))

    def _weights(self, value: Value) -> tuple[str, str]:
        """Name of a tensor of weights, and the file that it lies in if it is not this one."""
        name = file = ""
        for number, part in self._fields(*self._span(value)):
            if number == WEIGHTS_NAME:
                name = self._text({number: part}, number)
            elif number == WEIGHTS_ELSEWHERE:
                key, text = self._entry(part)
                file = text if key == "location" else file
        return name, file

    def _entry(self, value: Value) -> tuple[str, str]:
        entry = dict(self._fields(*self._span(value)))
        return self._text(entry, ENTRY_KEY), self._text(entry, ENTRY_VALUE)

    def _tensor(self, value: Value) -> Tensor:
        parts = dict(self._fields(*self._span(value)))
        kind = dict(self._fields(*self._span(parts.get(VALUE_TYPE))))
        tensor = dict(self._fields(*self._span(kind.get(TYPE_TENSOR))))
        element = self._number(tensor.get(TENSOR_ELEMENT, 0))
        shape = None
        if TENSOR_SHAPE in tensor:
            axes = self._fields(*self._span(tensor[TENSOR_SHAPE]))
            shape = tuple(self._length(axis) for number, axis in axes if number == SHAPE_DIMENSION)
        name = self._text(parts, VALUE_NAME)
        return Tensor(name, ELEMENTS.get(element, f"type {element}"), shape)

    def _length(self, axis: Value) -> int | None:
        length = self._number(dict(self._fields(*self._span(axis))).get(DIMENSION_VALUE, 0))
        return length if 0 < length < 1 << 31 else None  # some write 0 or -1 for "not fixed"

    def _text(self, fields: Mapping[int, Value], number: int) -> str:
        start, end = self._span(fields.get(number))
        return self._data[start:end].decode("utf-8", "replace")

    @staticmethod
    def _number(value: Value) -> int:
        if not isinstance(value, int):
            raise _NotOnnxError("it is damaged, or no ONNX file")
        return value

    @staticmethod
    def _span(value: Value | None) -> tuple[int, int]:
        """Where a part lies; one that is missing is empty."""
        if value is None:
            return 0, 0
        if isinstance(value, int):
            raise _NotOnnxError("it is damaged, or no ONNX file")
        return value

    def _fields(
        self, at: int, end: int, known: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Value]]:
        """Number and value of each field of a message; other fixed numbers are left out."""
        while at < end:
            key, at = self._varint(at, end)
            number, kind = key >> 3, key & 7
            if number == 0 or (known and known.get(number) != kind):
                raise _NotOnnxError("it is no ONNX file")
            if kind == VARINT:
                value, at = self._varint(at, end)
                yield number, value
            elif kind in (FIXED32, FIXED64):
                at += 4 if kind == FIXED32 else 8
            elif kind == BYTES:
                length, at = self._varint(at, end)
                start, at = at, at + length
                if at > end:
                    raise _NotOnnxError(
                        f"it is cut off: {start + length:,} bytes are due, it has {self._size:,}"
                        if end == self._size
                        else "it is damaged, or no ONNX file"
                    )
                yield number, (start, at)
            else:
                raise _NotOnnxError("it is damaged, or no ONNX file")

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """A number in groups of seven bits, lowest first, and where it ends."""
        value = shift = 0
        while at < end and shift < 70:
            byte = self._data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at
        raise _NotOnnxError("it is cut off or damaged")

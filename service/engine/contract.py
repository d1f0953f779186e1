"""The contract between an ONNX file and whoever runs it, checked when a model is opened.

| Name | Type and shape | Meaning |
| --- | --- | --- |
| input `image` | uint8 [N, H, W, 3] | RGB; what lies under the hole is ignored |
| input `mask` | uint8 [N, H, W, 1] | 0 is known, anything else is hole |
| output `prediction` | uint8 [N, H, W, 3] | the network's picture, known pixels included |
"""

from pathlib import Path

import onnxruntime

from service.engine.base import EngineError
from service.engine.outline import Outline, Tensor

INPUTS = {"image": 3, "mask": 1}
OUTPUTS = {"prediction": 3}


def keeps_contract(outline: Outline) -> bool:
    """Whether names, types and channels of all inputs and outputs are those of the contract."""
    return _channels(outline.inputs) == INPUTS and _channels(outline.outputs) == OUTPUTS


def _channels(tensors: tuple[Tensor, ...]) -> dict[str, int | None]:
    return {
        tensor.name: tensor.shape[-1]
        if tensor.element == "uint8" and tensor.shape and len(tensor.shape) == 4
        else None
        for tensor in tensors
    }


def check_contract(session: onnxruntime.InferenceSession, model: Path) -> None:
    """Check names, types and channels of a model's inputs and outputs.

    Raises:
        EngineError: says what the model has and what it should have.
    """
    _check("input", session.get_inputs(), INPUTS, model)
    _check("output", session.get_outputs(), OUTPUTS, model)


def _check(
    kind: str, found: list[onnxruntime.NodeArg], wanted: dict[str, int], model: Path
) -> None:
    have = {
        arg.name: (arg.type, len(arg.shape), arg.shape[-1] if arg.shape else 0) for arg in found
    }
    want = {name: ("tensor(uint8)", 4, channels) for name, channels in wanted.items()}
    if have != want:
        raise EngineError(
            f"{model} does not keep the contract: its {kind}s are {have}, they should be {want} "
            "(type, rank, channels)"
        )

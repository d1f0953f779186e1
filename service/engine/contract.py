"""The contract between an ONNX file and whoever runs it, checked when a model is opened.

| Name | Type and shape | Meaning |
| --- | --- | --- |
| input `image` | uint8 [N, H, W, 3] | RGB; what lies under the hole is ignored |
| input `mask` | uint8 [N, H, W, 1] | 0 is known, anything else is hole |
| output `prediction` | uint8 [N, H, W, 3] | the network's picture, known pixels included |
"""

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

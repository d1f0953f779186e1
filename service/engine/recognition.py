"""Which codings a file may have, by its outline alone.

Types and shapes decide. Names do so only where they must: which of two inputs is the mask, if the
shapes do not tell.
"""

from collections.abc import Collection, Iterator
from itertools import permutations
from pathlib import Path

from service.engine.base import EngineError
from service.engine.coding import Coding
from service.engine.contract import keeps_contract
from service.engine.outline import Outline, Tensor
from service.engine.signatures import BYTES, CHANNELS, KNOWN, PCONV, Part, Signature


def codings_of(
    outline: Outline, model: Path, signatures: Collection[Signature] = tuple(KNOWN.values())
) -> list[Coding]:
    """All codings that fit a file, the likeliest first; one alone where it keeps our contract.

    Args:
        outline: What the file says of itself.
        model: The file, for errors.
        signatures: Those that come into question.

    Raises:
        EngineError: none fits; says what the file has and which signatures are known.
    """
    if PCONV in signatures and keeps_contract(outline):
        return [next(_fitting(outline, PCONV))]
    found = [coding for signature in signatures for coding in _fitting(outline, signature)]
    if not found:
        raise EngineError(f"{model} {_unfit(signatures)}. It has {outline}")
    found = [coding for coding in found if _sure(coding)] or found
    usable = [coding for coding in found if not coding.problem()]
    if not usable:
        raise EngineError(f"{model} cannot be served: {found[0].problem()} ({outline})")
    return usable


def _unfit(signatures: Collection[Signature]) -> str:
    if len(signatures) == 1:
        (wanted,) = signatures
        return f"has not the signature {wanted.name} ({wanted.tensors})"
    return f"has no known signature. Known are {'; '.join(map(str, signatures))}"


def _fitting(outline: Outline, signature: Signature) -> Iterator[Coding]:
    inputs = _in_order(outline.inputs, signature)
    if inputs is None:
        return
    output = next((each for each in outline.outputs if _answers(each, inputs[0], signature)), None)
    if output is None:
        return
    answers = (BYTES,) if output.element == "uint8" else signature.answers
    for mask in signature.masks:
        for answer in answers:
            yield Coding(signature, inputs, output, mask, answer)


def _in_order(given: tuple[Tensor, ...], signature: Signature) -> tuple[Tensor, ...] | None:
    """The inputs in the signature's order; None where they are others, or nothing tells."""
    if len(given) != len(signature.inputs):
        return None
    orders = [
        order
        for order in permutations(given)
        if all(
            _fits(tensor, signature, parts, signature.elements)
            for tensor, parts in zip(order, signature.inputs, strict=True)
        )
    ]
    if len(orders) > 1:
        orders = [order for order in orders if _names_agree(order, signature)]
    return orders[0] if len(orders) == 1 else None


def _fits(
    tensor: Tensor, signature: Signature, parts: tuple[Part, ...], elements: tuple[str, ...]
) -> bool:
    channels = sum(CHANNELS[part] for part in parts)
    return (
        tensor.element in elements
        and tensor.shape is not None
        and len(tensor.shape) == 4
        and tensor.shape[signature.channel_axis] in (channels, None)
    )


def _answers(tensor: Tensor, given: Tensor, signature: Signature) -> bool:
    """Whether an output may be the picture, as large as what was given.

    Some exports do not tell the shape of their output.
    """
    elements = (*signature.elements, "uint8")
    if tensor.shape is None or given.shape is None:
        return tensor.element in elements
    sides = [
        pair
        for axis, pair in enumerate(zip(tensor.shape, given.shape, strict=False))
        if axis != signature.channel_axis
    ]
    same = all(None in pair or pair[0] == pair[1] for pair in sides)
    return same and _fits(tensor, signature, ("picture",), elements)


def _sure(coding: Coding) -> bool:
    """Whether the channels are where they should be, not only perhaps."""
    axis = coding.signature.channel_axis
    return all(tensor.shape and tensor.shape[axis] for tensor in coding.inputs)


def _names_agree(order: tuple[Tensor, ...], signature: Signature) -> bool:
    return all(
        ("mask" in tensor.name.lower()) == (parts == ("mask",))
        for tensor, parts in zip(order, signature.inputs, strict=True)
    )

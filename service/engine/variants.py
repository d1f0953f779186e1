"""Which file of a model is run: the float32 one, or a variant in another precision beside it.

`x.int8.onnx` and `x.fp16.onnx` are variants of `x.onnx` if their property `variant_of` is its
SHA-256: a model that somebody puts in the place of another must not be served by the other's
variant.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import onnxruntime

from service.engine.base import EngineError
from service.engine.sessions import CPU

logger = logging.getLogger(__name__)

Precision = Literal["auto", "fp32", "int8", "fp16"]
COMMANDS = {"int8": "quantize", "fp16": "half"}
Open = Callable[[Path], onnxruntime.InferenceSession]


def open_variant(
    model: Path, precision: Precision, opened: Open, *, expect_gpu: bool
) -> tuple[onnxruntime.InferenceSession, Path]:
    """Open the file that suits a precision and the device.

    Args:
        model: The float32 file.
        precision: `fp32`, `int8` or `fp16`; or `auto`: int8 on the CPU and fp16 on a GPU where the
            model has that variant, else fp32.
        opened: Opens a file on the device that is to be used.
        expect_gpu: Whether that is a GPU, which only the session opened can tell for sure.

    Returns:
        The session and its file.

    Raises:
        EngineError: there is no such file, it belongs to another model, or it is 8-bit and would
            run on a GPU; says which.
    """
    if precision == "int8" and expect_gpu:  # refused on a GPU, so find out whether it is one
        expect_gpu = _is_on_gpu(opened(model))
    file = _file_for(model, precision, expect_gpu)
    try:
        session = opened(file)
        if (on_gpu := _is_on_gpu(session)) != expect_gpu:
            file = _file_for(model, precision, on_gpu)
            session = opened(file)
    except EngineError as error:
        if precision != "auto" or file == model:
            raise
        logger.warning("the model runs instead of its variant: %s", error)
        return opened(model), model
    if file == model or _is_variant(session, model):
        return session, file
    if precision != "auto":
        raise EngineError(f"INPAINT_PRECISION={precision}, but {file} is not a variant of {model}")
    logger.warning("%s is not a variant of %s, so it is not used", file, model)
    return opened(model), model


def _file_for(model: Path, precision: Precision, on_gpu: bool) -> Path:
    """The file that a precision asks for.

    Raises:
        EngineError: there is none, or it is of no use on this device.
    """
    if precision == "fp32":
        return model
    if precision == "auto":
        variant = model.with_suffix(".fp16.onnx" if on_gpu else ".int8.onnx")
        return variant if variant.is_file() else model
    if precision == "int8" and on_gpu:
        raise EngineError(
            "INPAINT_PRECISION=int8 is for CPUs; set INPAINT_PROVIDER=cpu, or INPAINT_PRECISION to "
            "fp16 or auto"
        )
    variant = model.with_suffix(f".{precision}.onnx")
    if not variant.is_file():
        raise EngineError(
            f"INPAINT_PRECISION={precision}, but there is no {variant}; make one with "
            f"`python -m export {COMMANDS[precision]} {model}`"
        )
    return variant


def _is_on_gpu(session: onnxruntime.InferenceSession) -> bool:
    return bool(session.get_providers()[0] != CPU)


def _is_variant(session: onnxruntime.InferenceSession, model: Path) -> bool:
    properties = session.get_modelmeta().custom_metadata_map
    return bool(properties.get("variant_of") == digest(model))


def digest(model: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(model.read_bytes()).hexdigest()

"""Which file of a model is run: the float32 one, or a variant in another precision beside it.

`x.int8.onnx` and `x.fp16.onnx` are variants of `x.onnx` if their property `variant_of` is its
SHA-256: a model that somebody puts in the place of another must not be served by the other's
variant.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import onnxruntime

from service.engine.base import EngineError, in_full
from service.engine.choosing import CLEARLY, SPED_UP, Measure
from service.engine.sessions import CPU

logger = logging.getLogger(__name__)

Precision = Literal["auto", "fp32", "int8", "fp16"]
COMMANDS = {"int8": "quantize", "fp16": "half"}


class Open(Protocol):
    """Opens a file on a device; `quick` leaves out what takes longest of optimising it."""

    def __call__(self, path: Path, *, quick: bool = False) -> onnxruntime.InferenceSession:
        """The session."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What is going to run.

    Attributes:
        session: A session.
        file: Its file.
        seconds: What a window took by precision, where that decided; else empty.
    """

    session: onnxruntime.InferenceSession
    file: Path
    seconds: Mapping[str, float] = field(default_factory=dict)


def open_variant(
    model: Path,
    precision: Precision,
    opened: Open,
    *,
    expect_gpu: bool,
    measure: Measure | None = None,
) -> Opened:
    """Open the file that suits a precision and the device.

    Args:
        model: The float32 file.
        precision: `fp32`, `int8` or `fp16`; or `auto`: int8 on the CPU and fp16 on a GPU where the
            model has that variant, else fp32.
        opened: Opens a file on the device that is to be used.
        expect_gpu: Whether that is a GPU, which only the session opened can tell for sure.
        measure: Has the faster of int8 and fp32 run on the CPU where precision is `auto`.

    Raises:
        EngineError: there is no such file, it belongs to another model, or it is 8-bit and would
            run on a GPU; says which.
    """
    if (
        measure is None
        or expect_gpu
        or precision != "auto"
        or _file_for(model, "auto", False) == model
    ):
        return Opened(*_open_suiting(model, precision, opened, expect_gpu=expect_gpu))
    session, file = _open_suiting(model, precision, opened, expect_gpu=expect_gpu)
    if file == model:
        return Opened(session, file)
    try:
        return _faster(Opened(session, file), model, opened, measure)
    except Exception as error:  # of the runtime's own kinds; memory, for one
        logger.warning("%s runs, unmeasured: %s", file, error)
        return Opened(session, file)


def _faster(smaller: Opened, model: Path, opened: Open, measure: Measure) -> Opened:
    """The one to run, with what windows took."""
    rival = opened(model, quick=True)
    seconds = measure([smaller.session, rival])
    if SPED_UP * seconds[1] < CLEARLY * seconds[0]:
        rival = opened(model)
        seconds = measure([smaller.session, rival])
    chosen = Opened(rival, model) if seconds[1] < CLEARLY * seconds[0] else smaller
    names = [precision_of(each) for each in (smaller.session, rival)]
    told = dict(zip(names, seconds, strict=True))
    logger.info(
        "%s runs",
        precision_of(chosen.session),
        extra={"precision_seconds": {name: round(value, 4) for name, value in told.items()}},
    )
    return Opened(chosen.session, chosen.file, told)


def precision_of(session: onnxruntime.InferenceSession) -> str:
    """The arithmetic of a session's network, as its file names it."""
    return str(session.get_modelmeta().custom_metadata_map.get("precision", "float32"))


def _open_suiting(
    model: Path, precision: Precision, opened: Open, *, expect_gpu: bool
) -> tuple[onnxruntime.InferenceSession, Path]:
    """The session and its file by the kind of device alone; errors as in `open_variant`."""
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
        logger.warning("the model runs instead of its variant: %s", in_full(error))
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

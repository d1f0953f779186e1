"""From settings to an engine."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from service.engine.base import Engine
from service.engine.model_file import identify
from service.settings import Settings

if TYPE_CHECKING:
    from service.engine.variants import Precision

logger = logging.getLogger(__name__)


def build_engine(settings: Settings, model: Path | None = None, *, measure: bool = False) -> Engine:
    """Build the engine that the settings ask for; it is not warm yet.

    Args:
        settings: What to run it on, and how.
        model: The ONNX file; None: the settings'.
        measure: Find out which precision is the faster one where the settings leave that open;
            takes a third of a second, which pays from some ten windows on.

    Raises:
        EngineError: the model or the provider cannot be used; says why in words.
    """
    if settings.engine == "dummy":
        from service.engine.dummy import DummyEngine

        return DummyEngine(settings.window_sizes, settings.max_batch or 8)
    from service.engine.choosing import measure_by
    from service.engine.onnx import OnnxEngine  # takes half a second, not needed by the dummy
    from service.engine.sessions import Device

    device = Device(
        provider=settings.provider,
        threads=settings.thread_count,
        device_id=settings.device_id,
        gpu_memory_mb=settings.gpu_memory_mb,
        tensorrt_cache=settings.tensorrt_cache,
    )
    return OnnxEngine(
        model or settings.model_file,
        settings.window_sizes,
        device=device,
        precision=_precision(settings, model),
        max_batch=settings.max_batch,
        runs=settings.runs,
        measure=measure_by(min(settings.window_sizes)) if measure else None,
        signature=_signature(settings, model),
    )


def check_model(settings: Settings, model: Path | None = None) -> None:
    """Check by its header alone, in milliseconds, that a file can be a network to serve.

    Loading it may fail nonetheless: what the header leaves open is found out then.

    Args:
        settings: What it would run with.
        model: The ONNX file; None: the settings'.

    Raises:
        EngineError: it is no ONNX file, has no known signature, its sidecar cannot be used, or no
            window size suits it; says which in words.
    """
    identify(model or settings.model_file, _signature(settings, model)).runnable(
        settings.window_sizes
    )


def _precision(settings: Settings, model: Path | None) -> "Precision":
    """The setting's, but `auto` where another network than the default one has no such variant."""
    precision = settings.precision
    if _is_default(settings, model) or precision in ("auto", "fp32"):
        return precision
    if model is not None and model.with_suffix(f".{precision}.onnx").is_file():
        return precision
    logger.info("%s has no variant in %s", model, precision)
    return "auto"


def _is_default(settings: Settings, model: Path | None) -> bool:
    return model in (None, settings.model_file)


def _signature(settings: Settings, model: Path | None) -> str:
    """The setting is for the default network; others have sidecars."""
    return settings.model_signature if _is_default(settings, model) else "auto"

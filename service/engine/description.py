"""What an engine says of itself, from its file and what it runs on."""

import json
from collections.abc import Mapping, Sequence

from service.engine.base import EngineInfo
from service.engine.coding import Coding
from service.engine.model_file import ModelFile
from service.engine.sessions import CPU
from service.traits import Traits

FIRST_PIXELS = 256  # larger windows are warmed on a CPU while requests are taken already
NOT_TOLD = (
    "precision",
    "variant_of",
)  # has a field of its own; says only that it is the right file


def describe(
    file: ModelFile,
    coding: Coding,
    traits: Traits,
    configured: Sequence[int],
    *,
    provider: str,
    max_batch: int,
    runs: int,
    precision_seconds: Mapping[str, float],
) -> EngineInfo:
    """Describe an engine.

    Args:
        file: The file that runs.
        coding: How it is run.
        traits: Its traits.
        configured: Window sizes that the settings ask for.
        provider: What computes, as the runtime reports it.
        max_batch: Most windows of a run.
        runs: How many overlap.
        precision_seconds: As in `EngineInfo`.
    """
    own, metadata = file.sidecar, _metadata(file)
    sizes = file.window_sizes(coding, configured)
    first = tuple(size for size in sizes if size <= FIRST_PIXELS) if provider == CPU else sizes
    name, version = (metadata.pop(key, None) for key in ("name", "version"))
    return EngineInfo(
        name=own.name or str(name or file.path.stem),
        version=own.version or str(version or "unknown"),
        provider=provider,
        precision=file.outline.properties.get("precision", _precision(coding)),
        traits=traits,
        signature=coding.signature.name,
        window_sizes=sizes,
        first_sizes=first or sizes[:1],
        terms=own.terms or str(metadata.get("licence", "unspecified")),
        max_batch=max_batch,
        runs=runs,
        precision_seconds=precision_seconds,
        memory_bytes=_memory_bytes(
            file, traits, max(sizes), runs, runs if provider == CPU else max_batch
        ),
        metadata=metadata,
    )


def _metadata(file: ModelFile) -> dict[str, object]:
    """The file's properties that have no field of their own."""
    left_out = {*Traits.__slots__, *NOT_TOLD}
    metadata: dict[str, object] = {
        name: value for name, value in file.outline.properties.items() if name not in left_out
    }
    if isinstance(record := metadata.get("training"), str):
        metadata["training"] = _parsed(record)
    return metadata


def _precision(coding: Coding) -> str:
    """The arithmetic as far as the inputs tell; our files with bytes say it themselves."""
    element = coding.inputs[0].element
    return "float32" if element == "uint8" else element


def _memory_bytes(file: ModelFile, traits: Traits, size: int, runs: int, windows: int) -> int:
    """The weights, once for each session, and what so many of the largest windows take at once.

    A GPU has as many of them in a run as are allowed, and keeps what that took; a CPU hardly more
    than one (`OnnxEngine.warm_up`).
    """
    beside = (file.path.parent / name for name in file.outline.beside)
    weights = sum(path.stat().st_size for path in (file.path, *beside))
    return min(runs, 2) * weights + windows * traits.pixel_bytes * size**2


def _parsed(record: str) -> object:
    """The training record as JSON, or as it is where it is not JSON."""
    try:
        return json.loads(record)
    except json.JSONDecodeError:
        return record

"""The engine that runs an ONNX file with ONNX Runtime."""

import json
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from service.arrays import Holes, Images
from service.engine.base import EngineError, EngineInfo
from service.engine.choosing import Measure, sample_windows
from service.engine.contract import check_contract
from service.engine.properties import take_traits
from service.engine.run_table import RunTable, batch_sizes
from service.engine.sessions import CPU, Device, expects_gpu, open_session
from service.engine.side_by_side import SideBySide, runs_for, threads_beside
from service.engine.variants import Precision, open_variant, precision_of

logger = logging.getLogger(__name__)

MAX_BATCH_CPU, MAX_BATCH_GPU = 4, 16
CPU_RUN_BYTES = 96 * 2**20  # bounds the memory of runs on a CPU, where batches gain little
FIRST_PIXELS = 256  # larger windows are warmed on a CPU while requests are taken already
TIMED_RUNS = 2  # after those that allocate and search; the fastest one counts


class OnnxEngine:
    """Runs a model that keeps the ONNX contract (`service.engine.contract`).

    Args:
        model: The float32 ONNX file.
        window_sizes: Sizes to warm and to report, in pixels; multiples of the model's stride.
        device: What to compute on.
        precision: Which variant of the model to run (`service.engine.variants`).
        max_batch: Most windows of a run; warmed as well. 0: what suits the provider.
        runs: How many runs overlap on a CPU, sharing the threads. 0: what suits their number. On a
            GPU there is one at a time.
        measure: Decides by measuring whether a CPU runs the 8-bit variant where precision is
            `auto`; None: it does.

    Raises:
        EngineError: no such file, not a model, not the contract, a size that is not a multiple of
            the stride, or the provider or the precision asked for cannot be used.
    """

    def __init__(
        self,
        model: Path,
        window_sizes: Sequence[int],
        *,
        device: Device | None = None,
        precision: Precision = "auto",
        max_batch: int = 0,
        runs: int = 0,
        measure: Measure | None = None,
    ) -> None:
        if not model.is_file():
            raise EngineError(f"there is no model at {model}; set INPAINT_MODEL to an ONNX file")
        if not window_sizes:
            raise EngineError("there is no window size to run")
        onnxruntime.disable_telemetry_events()
        device = device or Device()
        most = max_batch or MAX_BATCH_GPU
        opened = open_variant(
            model,
            precision,
            partial(open_session, device=device, sizes=window_sizes, max_batch=most),
            expect_gpu=expects_gpu(device),
            measure=measure,
        )
        session, file = opened.session, opened.file
        check_contract(session, file)
        on_cpu = session.get_providers()[0] == CPU
        runs = min(runs or runs_for(device.threads), device.threads) if on_cpu else 1
        self._asked_batch = max_batch
        most = max_batch or _max_batch(device.threads, runs, on_cpu=on_cpu)
        info = _describe(session, file, window_sizes, most, runs)
        self._info = replace(
            info, precision_seconds=opened.seconds, memory_bytes=_memory_bytes(file, info)
        )
        share = replace(device, provider="cpu", threads=threads_beside(device.threads, runs))
        beside = open_session(file, share, window_sizes, 1) if runs > 1 else None
        self._sessions = SideBySide(session, beside)

    @property
    def info(self) -> EngineInfo:
        """What this engine is and what it runs on."""
        return self._info

    def infer(self, images: Images, holes: Holes) -> Images:
        """Predict whole windows; shapes and errors as in `Engine.infer`."""
        mask = np.ascontiguousarray(holes).view(np.uint8)[..., np.newaxis]  # 0 is known
        try:
            (prediction,) = self._sessions.run(
                ["prediction"], {"image": np.ascontiguousarray(images), "mask": mask}
            )
        except Exception as error:  # ONNX Runtime's errors have no common base class of their own
            raise EngineError(f"ONNX Runtime failed on {images.shape}: {error}") from error
        result: Images = prediction
        return result

    def warm_up(self, sizes: Sequence[int] = ()) -> RunTable:
        """Run sizes and batches, largest first: the arena keeps what its largest run needed.

        A batch that fails, such as one that does not fit into the GPU's memory, is left out.

        Raises:
            EngineError: not even single windows can be run, `info.runs` at once.
        """
        chosen = sorted(sizes or self._info.window_sizes, reverse=True)
        return RunTable({size: self._time_batches(size) for size in chosen})

    def _time_batches(self, size: int) -> dict[int, float]:
        seconds = {}
        for batch in reversed(batch_sizes(self._most(size))):
            try:
                seconds[batch] = self._time(batch, size)
            except EngineError as error:
                if batch == 1 and self._info.runs > 1:
                    raise EngineError(f"{error}; INPAINT_RUNS=1 needs less memory") from error
                if batch == 1:
                    raise
                logger.warning("runs of %d windows of %d pixels are out: %s", batch, size, error)
        return seconds

    def _most(self, size: int) -> int:
        """Most windows of a run of this size."""
        if self._asked_batch or self._info.provider != CPU:
            return self._info.max_batch
        return max(
            1, min(self._info.max_batch, CPU_RUN_BYTES // (self._info.traits.pixel_bytes * size**2))
        )

    def _time(self, batch: int, size: int) -> float:
        images, holes = sample_windows(batch, size)
        self.infer(images, holes)  # alone

        def overlapping() -> float:
            start = time.perf_counter()
            for run in [pool.submit(self.infer, images, holes) for _ in range(runs)]:
                run.result()
            return (time.perf_counter() - start) / runs

        runs = self._info.runs
        with ThreadPoolExecutor(runs) as pool:
            overlapping()
            return min(overlapping() for _ in range(TIMED_RUNS))

    def close(self) -> None:
        """Free the sessions and with them the device's memory."""
        del self._sessions


def _max_batch(threads: int, runs: int, *, on_cpu: bool) -> int:
    """What suits a provider: where every thread has a run of its own, batches gain nothing."""
    if not on_cpu:
        return MAX_BATCH_GPU
    return MAX_BATCH_CPU if threads > runs else 1


def _memory_bytes(model: Path, info: EngineInfo) -> int:
    """The weights, once for each session, and what runs of the largest windows take."""
    sessions = min(info.runs, 2)
    run_bytes: int = info.traits.pixel_bytes * max(info.window_sizes) ** 2
    return sessions * model.stat().st_size + info.runs * run_bytes


def _describe(
    session: onnxruntime.InferenceSession,
    model: Path,
    window_sizes: Sequence[int],
    max_batch: int,
    runs: int,
) -> EngineInfo:
    metadata: dict[str, object] = dict(session.get_modelmeta().custom_metadata_map)
    traits = take_traits(metadata, model)
    if odd := [size for size in window_sizes if size % traits.stride]:
        raise EngineError(
            f"window sizes must be multiples of the model's stride {traits.stride}: {odd}"
        )
    if isinstance(record := metadata.get("training"), str):
        metadata["training"] = _parsed(record)
    metadata.pop("precision", None)
    metadata.pop("variant_of", None)  # says nothing but that this is the right file
    provider = session.get_providers()[0]
    sizes = tuple(sorted(set(window_sizes)))
    first = tuple(size for size in sizes if size <= FIRST_PIXELS) if provider == CPU else sizes
    return EngineInfo(
        name=str(metadata.pop("name", model.stem)),
        version=str(metadata.pop("version", "unknown")),
        provider=provider,
        precision=precision_of(session),
        traits=traits,
        window_sizes=sizes,
        first_sizes=first or sizes[:1],
        terms=str(metadata.get("licence", "unspecified")),
        max_batch=max_batch,
        runs=runs,
        metadata=metadata,
    )


def _parsed(record: str) -> object:
    """The training record as JSON, or as it is where it is not JSON."""
    try:
        return json.loads(record)
    except json.JSONDecodeError:
        return record

"""The engine that runs an ONNX file with ONNX Runtime."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.arrays import Holes, Images
from service.engine.base import EngineError, EngineInfo, RuntimeFailureError, in_full
from service.engine.choosing import Measure, Runs, sample_windows
from service.engine.coding import Feed
from service.engine.description import describe
from service.engine.model_file import AUTO, identify
from service.engine.run_table import RunTable, batch_sizes
from service.engine.sessions import CPU, Device, expects_gpu, open_session
from service.engine.settling import settle
from service.engine.side_by_side import SideBySide, runs_for, threads_beside
from service.engine.variants import Precision, open_variant

logger = logging.getLogger(__name__)

MAX_BATCH_CPU, MAX_BATCH_GPU = 4, 16
CPU_RUN_BYTES = 96 * 2**20  # bounds the memory of runs on a CPU, where batches gain little
TIMED_RUNS = 2  # after those that allocate and search; the fastest one counts


class OnnxEngine:
    """Runs a model that has one of the known signatures (`service.engine.signatures`).

    Args:
        model: The float32 ONNX file.
        window_sizes: Sizes to warm and to report, in pixels; multiples of the model's stride. A
            model that takes one size alone has that one.
        device: What to compute on.
        precision: Which variant of the model to run (`service.engine.variants`).
        max_batch: Most windows of a run; warmed as well. 0: what suits the provider.
        runs: How many runs overlap on a CPU, sharing the threads. 0: what suits their number. On a
            GPU there is one at a time.
        measure: Decides by measuring whether a CPU runs the 8-bit variant where precision is
            `auto`; None: it does. For our own models, which are the only ones with variants.
        signature: Name of the model's signature; `auto`: told by its header and a probe.

    Raises:
        EngineError: no such file, not a model, no signature that can be told, a size that is not a
            multiple of the stride, or the provider or the precision asked for cannot be used.
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
        signature: str = AUTO,
    ) -> None:
        file = identify(model, signature)
        file.runnable(window_sizes)  # before it is loaded, which takes longer
        onnxruntime.disable_telemetry_events()
        device = device or Device()
        most = max_batch or MAX_BATCH_GPU
        opened = open_variant(
            model,
            precision,
            partial(open_session, device=device, shapes=file.shapes(window_sizes, most)),
            expect_gpu=expects_gpu(device),
            measure=measure if file.ours else None,
        )
        session = opened.session
        if opened.file != model:
            file = identify(opened.file, signature, owner=model)
        self._coding, traits = settle(file, window_sizes, partial(_run, session))
        provider = session.get_providers()[0]
        on_cpu = provider == CPU
        runs = min(runs or runs_for(device.threads), device.threads) if on_cpu else 1
        most = max_batch or _max_batch(device.threads, runs, on_cpu=on_cpu)
        self._asked_batch = max_batch
        self._limit = file.batch(self._coding)
        self._info = describe(
            file,
            self._coding,
            traits,
            window_sizes,
            provider=provider,
            max_batch=min(most, self._limit or most),
            runs=runs,
            precision_seconds=opened.seconds,
        )
        share = replace(device, provider="cpu", threads=threads_beside(device.threads, runs))
        beside = open_session(opened.file, share) if runs > 1 else None
        self._sessions = SideBySide(session, beside)

    @property
    def info(self) -> EngineInfo:
        """What this engine is and what it runs on."""
        return self._info

    def infer(self, images: Images, holes: Holes) -> Images:
        """Predict whole windows; shapes and errors as in `Engine.infer`."""
        if self._limit and len(images) > self._limit:
            starts = range(0, len(images), self._limit)
            parts = [slice(start, start + self._limit) for start in starts]
            return np.concatenate([self.infer(images[part], holes[part]) for part in parts])
        output = _run(self._sessions, self._coding.output.name, self._coding.encode(images, holes))
        return self._coding.decode(output, images.shape)

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
                logger.warning(
                    "runs of %d windows of %d pixels are out: %s", batch, size, in_full(error)
                )
                if batch == 1 and self._info.runs > 1:
                    raise EngineError(f"{error}; INPAINT_RUNS=1 needs less memory") from error
                if batch == 1:
                    raise
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


def _run(session: Runs, output: str, feed: Feed) -> NDArray[Any]:
    """One run.

    Raises:
        EngineError: the runtime failed.
    """
    try:
        (given,) = session.run([output], feed)
    except Exception as error:  # ONNX Runtime's errors have no common base class of their own
        shapes = ", ".join(f"{name} {array.shape}" for name, array in feed.items())
        raise RuntimeFailureError(f"ONNX Runtime failed on {shapes}; the log says why") from error
    return np.asarray(given)

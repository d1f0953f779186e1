"""The engine that runs an ONNX file with ONNX Runtime. The only module that knows it."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime

from service.arrays import Holes, Images
from service.engine.base import EngineError, EngineInfo
from service.engine.contract import check_contract

logger = logging.getLogger(__name__)

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
MAX_BATCH = {CUDA: 8, CPU: 2}
Provider = Literal["auto", "cpu", "cuda"]
WARM_RUNS = 2  # the first run of a shape allocates and searches, the second is timed


class OnnxEngine:
    """Runs a model that keeps the ONNX contract (`service.engine.contract`).

    Args:
        model: The ONNX file.
        window_sizes: Sizes to warm and to report, in pixels; multiples of the model's stride.
        provider: `cpu`; `cuda`, which fails where CUDA cannot be used; `auto`, which takes CUDA
            where it can be used and says so in the log where it falls back.
        threads: Threads of the CPU provider.
        max_batch: Most windows of a run; warmed as well. 0: what suits the provider.
        device_id: Which GPU.
        gpu_memory_mb: Limit of GPU memory in MiB, 0 for none.

    Raises:
        EngineError: no such file, not a model, not the contract, a size that is not a multiple of
            the stride, or CUDA was asked for and cannot be used.
    """

    def __init__(
        self,
        model: Path,
        window_sizes: Sequence[int],
        *,
        provider: Provider = "auto",
        threads: int = 1,
        max_batch: int = 0,
        device_id: int = 0,
        gpu_memory_mb: int = 0,
    ) -> None:
        if not model.is_file():
            raise EngineError(f"there is no model at {model}; set INPAINT_MODEL to an ONNX file")
        self._session = _open_session(model, provider, threads, device_id, gpu_memory_mb)
        check_contract(self._session, model)
        self._info = _describe(self._session, model, window_sizes, max_batch)

    @property
    def info(self) -> EngineInfo:
        """What this engine is and what it runs on."""
        return self._info

    def infer(self, images: Images, holes: Holes) -> Images:
        """Predict whole windows; shapes and errors as in `Engine.infer`."""
        mask = np.ascontiguousarray(holes).view(np.uint8)[..., np.newaxis]  # 0 is known
        try:
            (prediction,) = self._session.run(
                ["prediction"], {"image": np.ascontiguousarray(images), "mask": mask}
            )
        except Exception as error:  # ONNX Runtime's errors have no common base class of their own
            raise EngineError(f"ONNX Runtime failed on {images.shape}: {error}") from error
        result: Images = prediction
        return result

    def warm_up(self) -> Mapping[int, float]:
        """Run every size, largest first: the arena keeps what its largest run needed."""
        seconds: dict[int, float] = {}
        for size in sorted(self._info.window_sizes, reverse=True):
            for batch in sorted({self._info.max_batch, 1}, reverse=True):
                cost = self._time(batch, size) / batch
                seconds[size] = min(cost, seconds.get(size, cost))
        return dict(sorted(seconds.items()))

    def _time(self, batch: int, size: int) -> float:
        images = np.full((batch, size, size, 3), 127, np.uint8)
        holes = np.zeros((batch, size, size), np.bool_)
        holes[:, size // 4 : size // 2, size // 4 : size // 2] = True
        for _ in range(WARM_RUNS):
            start = time.perf_counter()
            self.infer(images, holes)
            elapsed = time.perf_counter() - start
        return elapsed

    def close(self) -> None:
        """Free the session and with it the device's memory."""
        del self._session


def _open_session(
    model: Path, provider: Provider, threads: int, device_id: int, gpu_memory_mb: int
) -> onnxruntime.InferenceSession:
    onnxruntime.disable_telemetry_events()
    offered = onnxruntime.get_available_providers()
    if provider == "cuda" and CUDA not in offered:
        raise EngineError(
            "INPAINT_PROVIDER=cuda, but the installed ONNX Runtime is built without CUDA; install "
            "the extra `gpu` instead of `cpu`"
        )
    if provider == "cpu" or CUDA not in offered:
        return _create(model, [CPU], _cpu_options(threads))
    onnxruntime.preload_dlls()  # finds the CUDA and cuDNN libraries that come as Python packages
    cuda = (CUDA, _cuda_options(device_id, gpu_memory_mb))
    session = _create(model, [cuda, CPU], _cpu_options(threads))
    if session.get_providers()[0] == CUDA:
        session.disable_fallback()
    elif provider == "cuda":
        raise EngineError(
            "INPAINT_PROVIDER=cuda, but ONNX Runtime could not start CUDA: is there a GPU with a "
            "driver that supports the installed CUDA libraries? Its own words are in the log above"
        )
    else:
        logger.warning("CUDA cannot be used, computing on the CPU instead")
    return session


def _create(
    model: Path, providers: list[object], options: onnxruntime.SessionOptions
) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=providers)
    except Exception as error:  # ONNX Runtime's errors have no common base class of their own
        raise EngineError(f"{model} cannot be loaded as an ONNX model: {error}") from error


def _cpu_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the CPUs from decoding and encoding between two runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _cuda_options(device_id: int, gpu_memory_mb: int) -> dict[str, str]:
    options = {
        "device_id": str(device_id),
        # A new shape costs milliseconds, not the half second of an exhaustive search.
        "cudnn_conv_algo_search": "HEURISTIC",
        # Grow by what is needed: the default doubles, and the arena never shrinks.
        "arena_extend_strategy": "kSameAsRequested",
    }
    if gpu_memory_mb:
        options["gpu_mem_limit"] = str(gpu_memory_mb * 2**20)
    return options


def _describe(
    session: onnxruntime.InferenceSession,
    model: Path,
    window_sizes: Sequence[int],
    max_batch: int,
) -> EngineInfo:
    metadata: dict[str, object] = dict(session.get_modelmeta().custom_metadata_map)
    stride = _stride(metadata.pop("stride", "1"), model)
    odd = [size for size in window_sizes if size % stride]
    if odd or not window_sizes:
        raise EngineError(f"window sizes must be multiples of the model's stride {stride}: {odd}")
    if isinstance(record := metadata.get("training"), str):
        metadata["training"] = _parsed(record)
    provider = session.get_providers()[0]
    return EngineInfo(
        name=str(metadata.pop("name", model.stem)),
        version=str(metadata.pop("version", "unknown")),
        provider=provider,
        precision=str(metadata.pop("precision", "float32")),
        stride=stride,
        window_sizes=tuple(sorted(set(window_sizes))),
        max_batch=max_batch or MAX_BATCH[provider],
        metadata=metadata,
    )


def _stride(value: object, model: Path) -> int:
    text = str(value)
    if not text.isdecimal() or int(text) < 1:
        raise EngineError(f"{model} says that its stride is {text!r}, which is not a number")
    return int(text)


def _parsed(record: str) -> object:
    """The training record as JSON, or as it is where it is not JSON."""
    try:
        return json.loads(record)
    except json.JSONDecodeError:
        return record

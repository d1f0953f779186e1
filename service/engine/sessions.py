"""ONNX Runtime sessions: providers that are really used, and the options they are opened with."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnxruntime

from service.engine.base import EngineError, RuntimeFailureError
from service.engine.coding import Shapes

logger = logging.getLogger(__name__)

Provider = Literal["auto", "cpu", "cuda", "tensorrt"]
CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
REASONS = {
    "cuda": "is there a GPU with a driver that supports the installed CUDA libraries?",
    "tensorrt": "are TensorRT's libraries installed (the extra `gpu` does not bring them), and is "
    "there a GPU that they support?",
}
GPU_PROVIDERS = {"cuda": CUDA, "tensorrt": TENSORRT}


@dataclass(frozen=True, slots=True)
class Device:
    """What a session computes on.

    Attributes:
        provider: `cpu`; `cuda` or `tensorrt`, which fail where they cannot be used; `auto`, which
            takes CUDA where it can be used and says so in the log where it falls back.
        threads: Threads of the CPU provider.
        device_id: Which GPU.
        gpu_memory_mb: Limit of GPU memory in MiB, 0 for none.
        tensorrt_cache: Folder in which TensorRT keeps the engines that it builds, which takes
            minutes; None: they are built again at every start.
    """

    provider: Provider = "auto"
    threads: int = 1
    device_id: int = 0
    gpu_memory_mb: int = 0
    tensorrt_cache: Path | None = None


def expects_gpu(device: Device) -> bool:
    """Whether a session on this device will at least try to use a GPU."""
    wanted = GPU_PROVIDERS.get(device.provider, CUDA)
    return device.provider != "cpu" and wanted in onnxruntime.get_available_providers()


def open_session(
    model: Path, device: Device, shapes: tuple[Shapes, Shapes] = ({}, {}), *, quick: bool = False
) -> onnxruntime.InferenceSession:
    """Open a model on a device.

    Args:
        model: An ONNX file.
        device: What to compute on.
        shapes: Smallest and largest inputs, which TensorRT alone must know beforehand.
        quick: Leave out what a CPU's vectors want changed: opens in a quarter of the time.

    Raises:
        EngineError: the file cannot be loaded, or the provider asked for cannot be used.
    """
    wanted = GPU_PROVIDERS.get(device.provider, CUDA)
    if not expects_gpu(device):
        if device.provider in GPU_PROVIDERS:
            raise EngineError(
                f"INPAINT_PROVIDER={device.provider}, but the installed ONNX Runtime is built "
                f"without {wanted}; install the extra `gpu` instead of `cpu`"
            )
        return _create(model, [CPU], cpu_options(device.threads, quick=quick))
    onnxruntime.preload_dlls()  # finds the CUDA and cuDNN libraries that come as Python packages
    providers: list[object] = [(CUDA, cuda_options(device)), CPU]
    if wanted == TENSORRT:
        providers.insert(0, (TENSORRT, tensorrt_options(device, *shapes)))
    session = _create(model, providers, cpu_options(device.threads))
    if session.get_providers()[0] == wanted:
        session.disable_fallback()
    elif device.provider in GPU_PROVIDERS:
        raise EngineError(
            f"INPAINT_PROVIDER={device.provider}, but ONNX Runtime could not start it: "
            f"{REASONS[device.provider]} Its own words are in the log above"
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
        logger.warning("%s cannot be loaded: %s", model, error)
        raise RuntimeFailureError(
            f"{model} cannot be loaded as an ONNX model; the log says why"
        ) from error


def cpu_options(threads: int, *, quick: bool = False) -> onnxruntime.SessionOptions:
    """Options of every session; what is computed on a GPU does not heed them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the CPUs from decoding and encoding between two runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if quick:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    return options


def cuda_options(device: Device) -> dict[str, str]:
    """Options of the CUDA provider."""
    options = {
        "device_id": str(device.device_id),
        # A new shape costs milliseconds, not the half second of an exhaustive search.
        "cudnn_conv_algo_search": "HEURISTIC",
        # Grow by what is needed: the default doubles, and the arena never shrinks.
        "arena_extend_strategy": "kSameAsRequested",
    }
    if device.gpu_memory_mb:
        options["gpu_mem_limit"] = str(device.gpu_memory_mb * 2**20)
    return options


def tensorrt_options(device: Device, smallest: Shapes, largest: Shapes) -> dict[str, str]:
    """Options of the TensorRT provider: one engine for all sizes and batches, float16 allowed."""
    options = {
        "device_id": str(device.device_id),
        "trt_fp16_enable": "1",
        "trt_profile_min_shapes": _in_words(smallest),
        "trt_profile_opt_shapes": _in_words(largest),
        "trt_profile_max_shapes": _in_words(largest),
    }
    if device.tensorrt_cache is not None:
        options["trt_engine_cache_enable"] = "1"
        options["trt_engine_cache_path"] = str(device.tensorrt_cache)
    return options


def _in_words(shapes: Shapes) -> str:
    return ",".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes.items())

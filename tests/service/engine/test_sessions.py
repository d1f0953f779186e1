"""Options that cannot be tried without a GPU are at least what was meant."""

from pathlib import Path

import onnxruntime
import pytest

from service.engine.base import EngineError
from service.engine.onnx import OnnxEngine
from service.engine.sessions import Device, cuda_options, tensorrt_options
from tests.service.engine.onnx_models import write_inverting_model


def test_tensorrt_knows_every_shape_beforehand():
    options = tensorrt_options(Device(device_id=1), (256, 512), 8)
    assert options["device_id"] == "1"
    assert options["trt_profile_min_shapes"] == "image:1x256x256x3,mask:1x256x256x1"
    assert options["trt_profile_max_shapes"] == "image:8x512x512x3,mask:8x512x512x1"
    assert "trt_engine_cache_path" not in options


def test_tensorrt_keeps_its_engines_where_it_is_told():
    options = tensorrt_options(Device(tensorrt_cache=Path("cache")), (256,), 1)
    assert options["trt_engine_cache_enable"] == "1"
    assert options["trt_engine_cache_path"] == "cache"


def test_gpu_memory_is_limited_where_it_is_asked_for():
    assert "gpu_mem_limit" not in cuda_options(Device())
    assert cuda_options(Device(gpu_memory_mb=2))["gpu_mem_limit"] == str(2 * 2**20)


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="has CUDA"
)
def test_a_gpu_without_a_gpu_build_fails_in_words(tmp_path, provider):
    model = write_inverting_model(tmp_path / "tiny.onnx")
    with pytest.raises(EngineError, match=r"built without \w+; install the extra `gpu`"):
        OnnxEngine(model, (8,), device=Device(provider=provider))

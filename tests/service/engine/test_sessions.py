"""Options that cannot be tried without a GPU are at least what was meant."""

from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from service.engine.base import EngineError
from service.engine.model_file import identify
from service.engine.onnx import OnnxEngine
from service.engine.sessions import Device, cuda_options, tensorrt_options
from tests.service.engine.onnx_models import write_inverting_model
from tests.service.engine.stand_ins import LAMA, LAMA_WEB, MIGAN, MIGAN_BARE, PCONV


@pytest.mark.parametrize(
    ("of", "smallest", "largest"),
    [
        (PCONV, "image:1x256x256x3,mask:1x256x256x1", "image:8x512x512x3,mask:8x512x512x1"),
        (LAMA, "image:1x3x256x256,mask:1x1x256x256", "image:8x3x512x512,mask:8x1x512x512"),
        (LAMA_WEB, "input:1x4x256x256", "input:8x4x512x512"),
        (MIGAN, "image:1x3x256x256,mask:1x1x256x256", "image:1x3x512x512,mask:1x1x512x512"),
        (replace(MIGAN_BARE, size=64, batch=1), "x:1x4x64x64", "x:1x4x64x64"),
    ],
)
def test_tensorrt_knows_every_shape_beforehand(tmp_path, of, smallest, largest):
    shapes = identify(of.write(tmp_path / "x.onnx")).shapes((256, 512), 8)
    options = tensorrt_options(Device(device_id=1), *shapes)
    assert options["device_id"] == "1"
    assert options["trt_profile_min_shapes"] == smallest
    assert options["trt_profile_opt_shapes"] == options["trt_profile_max_shapes"] == largest
    assert "trt_engine_cache_path" not in options


def test_tensorrt_keeps_its_engines_where_it_is_told():
    options = tensorrt_options(Device(tensorrt_cache=Path("cache")), {}, {})
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

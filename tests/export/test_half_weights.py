import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from export.half_weights import store_weights_as_half


@pytest.fixture
def stored(exported):
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    store_weights_as_half(model)
    return model


def test_file_shrinks_by_almost_half(exported, stored):
    onnx.checker.check_model(stored, full_check=True)
    assert stored.ByteSize() < 0.6 * exported.ByteSize()


def test_runtime_folds_the_casts(stored, tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    onnxruntime.InferenceSession(
        stored.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    optimised = onnx.load(options.optimized_model_filepath)
    # Those of the picture, the mask and the prediction.
    assert [node.op_type for node in optimised.graph.node].count("Cast") == 4


def test_weights_too_large_are_refused(exported):
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    kernel = max(model.graph.initializer, key=lambda tensor: np.prod(tensor.dims))
    values = numpy_helper.to_array(kernel) + 70_000
    kernel.CopyFrom(numpy_helper.from_array(values, kernel.name))
    with pytest.raises(ValueError, match="too large for float16"):
        store_weights_as_half(model)

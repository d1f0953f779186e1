"""Files' headers against what the onnx package reads of the whole files."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from service.engine.base import EngineError
from service.engine.onnx import OnnxEngine
from service.engine.outline import Tensor, read_outline
from service.engine.sessions import Device
from tests.service.engine.stand_ins import LAMA, ROWS

ELEMENTS = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.UINT8: "uint8",
}


def tensors_by_onnx(values):
    return tuple(
        Tensor(
            value.name,
            ELEMENTS[value.type.tensor_type.elem_type],
            tuple(axis.dim_value or None for axis in value.type.tensor_type.shape.dim),
        )
        for value in values
    )


@pytest.mark.parametrize("row", ROWS)
def test_inputs_outputs_and_properties_are_those_that_onnx_reads(tmp_path, row):
    properties = {"name": "x", "licence": "näher beschrieben", "empty": ""}
    path = ROWS[row].write(tmp_path / "x.onnx", properties)
    outline, graph = read_outline(path), onnx.load(path).graph
    assert outline.inputs == tensors_by_onnx(graph.input)
    assert outline.outputs == tensors_by_onnx(graph.output)
    assert outline.properties == properties


def written(path, inputs, outputs, ir_version=8):
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1.0, 2, 3, 4])
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", inputs, outputs, [weights])
    model = helper.make_model(graph, ir_version=ir_version)
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_that_old_files_list_as_inputs_are_none(tmp_path):
    x, w, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2])
        for name in ("x", "w", "y")
    )
    assert [each.name for each in read_outline(written(tmp_path / "a", [x, w], [y], 3)).inputs] == [
        "x"
    ]
    assert len(read_outline(written(tmp_path / "b", [x, w], [y], 8)).inputs) == 2


def test_shapes_that_are_not_told_and_odd_types_are_said(tmp_path):
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1, -1, 0, "side"])
    y = helper.make_tensor_value_info("y", TensorProto.COMPLEX64, None)
    outline = read_outline(written(tmp_path / "a", [x], [y]))
    assert outline.inputs == (Tensor("x", "float64", (1, None, None, None)),)
    assert outline.outputs == (Tensor("y", "type 14", None),)
    assert str(outline) == "inputs x: float64 [1, ?, ?, ?]; outputs y: type 14 shape unknown"


def test_weights_in_files_beside_the_model_count(tmp_path):
    path = tmp_path / "x.onnx"
    model = onnx.load(LAMA.write(path))
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "weights")
    model.graph.initializer.append(weights)
    onnx.save(model, path, save_as_external_data=True, location="x.onnx.data", size_threshold=512)
    assert read_outline(path).beside == {"x.onnx.data"}
    engine = OnnxEngine(path, (64,), device=Device(provider="cpu"))
    sizes = path.stat().st_size + 4 * 64 * 64
    assert engine.info.memory_bytes == sizes + engine.info.traits.pixel_bytes * 64**2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"not a model", "no ONNX file"),
        (b"<html><body>404</body></html>", "no ONNX file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no ONNX file"),
        (b"\x08\x07" * 500, "it has no graph"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ],
)
def test_what_is_no_model_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=rf"x\.onnx cannot be loaded as an ONNX model: .*{words}"):
        read_outline(path)


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path):
    whole = ROWS["lama"].write(tmp_path / "whole.onnx", {"name": "x"}).read_bytes()
    path = tmp_path / "part.onnx"
    complete = []
    for end in [*range(1, len(whole), 17), *range(len(whole) - 9, len(whole))]:
        path.write_bytes(whole[:end])
        try:
            complete.append((end, read_outline(path)))
        except EngineError as error:
            assert "cannot be loaded" in str(error)  # noqa: PT017
    # Between two fields of the model, nothing tells that more were there; the graph is whole then.
    assert all(outline.outputs for _, outline in complete)
    assert len(complete) <= 2


def test_damage_is_refused_or_read_but_never_another_error(tmp_path):
    whole = ROWS["lama"].write(tmp_path / "x.onnx", {"name": "x"}).read_bytes()
    refused = 0
    for at in [*range(30), *range(len(whole) - 200, len(whole))]:
        path = tmp_path / "y.onnx"
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x7F]) + whole[at + 1 :])
        try:
            read_outline(path)
        except EngineError as error:
            assert "cannot be loaded" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 30


def test_what_is_large_is_stepped_over(tmp_path):
    path = tmp_path / "large.onnx"
    head = ROWS["lama"].write(path).read_bytes()
    large = 1 << 35  # bytes; a hole in the file, which takes no room but long to read
    training_info = b"\xa2\x01"  # field 20, bytes
    length = b"\x80\x80\x80\x80\x80\x01"  # 2 ** 35 in groups of seven bits
    path.write_bytes(head + training_info + length)
    with path.open("r+b") as file:
        file.truncate(len(head) + len(training_info) + len(length) + large)
    assert [each.name for each in read_outline(path).inputs] == ["image", "mask"]

import subprocess
import sys

import onnx
import onnxruntime
import pytest

from export.__main__ import COMMANDS, main
from export.commands import variants
from export.files import write_model
from export.metadata import describe, write_properties
from service.engine.onnx import OnnxEngine


@pytest.fixture
def model_file(exported, tmp_path):
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    properties = describe(name="tiny", version="1", stride=8, training={}, licence="CC0")
    write_properties(model, properties)
    path = tmp_path / "tiny.onnx"
    write_model(model, path)
    return path


def run(*words):
    return main([str(word) for word in words])


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"python -m export {command}" in capsys.readouterr().out


def test_quantize_writes_an_8_bit_file(model_file, photos, tmp_path, capsys):
    target = tmp_path / "tiny.int8.onnx"
    assert run("quantize", model_file, "--photos", photos, "--count", 3, "-o", target) == 0
    assert "QuantizeLinear" in capsys.readouterr().out
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["precision"] == "int8"
    assert properties["stride"] == "8"


def test_a_variant_lies_where_the_service_looks_for_it(model_file, photos):
    assert run("quantize", model_file, "--photos", photos, "--count", 2) == 0
    assert run("half", model_file) == 0
    for precision in ("int8", "fp16"):
        engine = OnnxEngine(model_file, (8,), precision=precision)
        assert engine.info.precision == {"int8": "int8", "fp16": "float16"}[precision]


ONLY_ONNX = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {"training", "service", "keras", "tensorflow", "cv2",
                                      "onnxruntime", "tf2onnx", "PIL"}:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Missing())
from export.__main__ import main
sys.exit(main(["half", sys.argv[1]]))
"""


def test_half_needs_nothing_but_onnx(model_file):
    """As in the build of the GPU image."""
    done = subprocess.run(
        [sys.executable, "-c", ONLY_ONNX, str(model_file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert OnnxEngine(model_file, (8,), precision="fp16").info.precision == "float16"


def test_half_is_written_once_accepted(model_file, photos, tmp_path, capsys):
    target = tmp_path / "tiny.fp16.onnx"
    assert run("half", model_file, "-o", target, "--val", photos, "--limit", 1) == 0
    assert "0.5-0.6" in capsys.readouterr().out
    assert target.is_file()


def test_refused_variant_leaves_no_file(model_file, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(variants, "ALLOWED_DROP", -1.0)
    target = tmp_path / "tiny.fp16.onnx"
    assert run("half", model_file, "-o", target, "--val", photos, "--limit", 1) == 1
    assert "was not written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.onnx"]


def test_compare_answers_by_its_exit_status(model_file, photos, monkeypatch):
    words = ["compare", model_file, model_file, "--val", photos, "--limit", 1]
    assert run(*words) == 0
    monkeypatch.setattr(variants, "ALLOWED_DROP", -1.0)
    assert run(*words) == 1


def test_variants_of_variants_are_refused(model_file, photos, tmp_path, capsys):
    half = tmp_path / "half.onnx"
    assert run("half", model_file, "-o", half) == 0
    assert run("quantize", half, "--photos", photos, "-o", tmp_path / "x.onnx") == 2
    assert "has precision float16" in capsys.readouterr().err


def test_broken_file_is_named(tmp_path, capsys):
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    assert run("half", tmp_path / "broken.onnx", "-o", tmp_path / "x.onnx") == 2
    assert "broken.onnx is not an ONNX file" in capsys.readouterr().err

import json
import os
import subprocess
import sys

import onnx
import onnxruntime
import pytest

from export import verify
from export.__main__ import main
from training.weights_file import save_weights


def test_writes_a_checked_file(saved_network, tmp_path, capsys):
    target = tmp_path / "new" / "x.onnx"
    saved_network.with_suffix(".json").write_text(json.dumps({"steps": 7}), encoding="utf-8")
    words = [saved_network, "-o", target, "--name", "tiny", "--version", "3", "--licence", "CC0"]
    assert main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    assert "nodes: " in printed
    assert "nothing known" in printed
    assert [path.name for path in target.parent.iterdir()] == ["x.onnx"]

    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["name"] == "tiny"
    assert properties["version"] == "3"
    assert properties["licence"] == "CC0"
    assert properties["stride"] == "8"
    assert json.loads(properties["training"]) == {"steps": 7}


def properties_of(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map


def test_a_safetensors_file_brings_record_terms_and_traits(network, tmp_path):
    weights, target = tmp_path / "tiny.safetensors", tmp_path / "x.onnx"
    texts = {"version": "3", "licence": "CC0", "traits": '{"reach": 60, "thinnest_hole": 2}'}
    save_weights(network, weights, training={"steps": 7}, texts=texts)
    assert main([str(weights), "-o", str(target), "--trait", "reach=50"]) == 0
    properties = properties_of(target)
    assert json.loads(properties["training"]) == {"steps": 7}
    found = [properties[key] for key in ("name", "version", "licence", "reach", "thinnest_hole")]
    assert found == ["tiny", "3", "CC0", "50", "2"]


@pytest.mark.parametrize("trait", ["reach", "reach=far", "range=3", "reach=-1"])
def test_traits_that_are_none_are_refused_in_words(trait, capsys):
    with pytest.raises(SystemExit):
        main(["x.keras", "-o", "x.onnx", "--trait", trait])
    assert "is not NAME=NUMBER with one of reach, lattice" in capsys.readouterr().err


def test_float16_weights_halve_the_file(saved_network, exported, tmp_path):
    target = tmp_path / "x.onnx"
    assert main([str(saved_network), "-o", str(target), "--float16-weights"]) == 0
    assert target.stat().st_size < 0.6 * exported.ByteSize()
    onnx.checker.check_model(onnx.load(target))


def test_failed_check_leaves_no_file(saved_network, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verify, "SAME_WEIGHTS", verify.Tolerance(1e-12, 0))
    assert main([str(saved_network), "-o", str(tmp_path / "x.onnx")]) == 1
    captured = capsys.readouterr()
    assert "FAILED" in captured.out
    assert "was not written" in captured.err
    assert list(tmp_path.iterdir()) == []


def test_missing_model_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "no.keras"), "-o", str(tmp_path / "x.onnx")]) == 2
    assert "no.keras" in capsys.readouterr().err


def test_other_backends_are_refused_in_words(tmp_path):
    command = [sys.executable, "-m", "export", "model.keras", "-o", str(tmp_path / "x.onnx")]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "KERAS_BACKEND is 'jax'" in done.stderr


@pytest.mark.parametrize("words", [["--help"]])
def test_help(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 0
    assert "--float16-weights" in capsys.readouterr().out

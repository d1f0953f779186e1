import json
import re
import subprocess

import onnx
import pytest

from export import metadata


@pytest.fixture
def model():
    graph = onnx.helper.make_graph([], "empty", [], [])
    return onnx.helper.make_model(graph)


def test_properties_are_texts_of_the_contract(model):
    properties = metadata.describe(
        name="inpaint", version="1.2", stride=128, training={"steps": 5}, licence="CC0 – ©"
    )
    metadata.write_properties(model, properties)
    loaded = metadata.read_properties(onnx.load_from_string(model.SerializeToString()))
    assert loaded["stride"] == "128"
    assert json.loads(loaded["training"]) == {"steps": 5}
    assert loaded["licence"] == "CC0 – ©"
    assert set(loaded) == {
        "name",
        "version",
        "stride",
        "precision",
        "source_commit",
        "training",
        "licence",
    }


def test_writing_again_keeps_the_others(model):
    metadata.write_properties(model, {"name": "a", "precision": "float32"})
    metadata.write_properties(model, {"precision": "int8"})
    assert metadata.read_properties(model) == {"name": "a", "precision": "int8"}


def test_record_beside_the_model(tmp_path):
    (tmp_path / "model.json").write_text('{"photos": 5031}', encoding="utf-8")
    assert metadata.read_training_record(tmp_path / "model.keras") == {"photos": 5031}


def test_missing_record_is_empty(tmp_path):
    assert metadata.read_training_record(tmp_path / "model.keras") == {}


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[1]", "not a JSON object")])
def test_broken_record_is_named(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"model.json is {message}"):
        metadata.read_training_record(tmp_path / "model.keras")


def test_source_commit_names_a_commit_or_says_unknown():
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?|unknown", metadata.source_commit())


def test_source_commit_without_git_is_unknown(monkeypatch):
    def no_git(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert metadata.source_commit() == "unknown"

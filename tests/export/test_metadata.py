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
        name="inpaint",
        version="1.2",
        stride=128,
        training={"steps": 5},
        licence="CC0 – ©",
        traits={"reach": 99},
    )
    metadata.write_properties(model, properties)
    loaded = metadata.read_properties(onnx.load_from_string(model.SerializeToString()))
    assert loaded["stride"] == "128"
    assert json.loads(loaded["training"]) == {"steps": 5}
    assert loaded["licence"] == "CC0 – ©"
    assert (loaded["reach"], loaded["lattice"], loaded["predicts_known"]) == ("99", "4", "1")
    assert set(loaded) == {
        "name",
        "version",
        "stride",
        "precision",
        "source_commit",
        "training",
        "licence",
        "reach",
        "lattice",
        "predicts_known",
    }


@pytest.mark.parametrize(
    ("traits", "words"), [({"size": 1}, "'size' is no trait"), ({"reach": -1}, "reach is -1")]
)
def test_traits_that_are_none_are_refused_in_words(traits, words):
    with pytest.raises(ValueError, match=words):
        metadata.describe(
            name="a", version="1", stride=8, training={}, licence="none", traits=traits
        )


def test_writing_again_keeps_the_others(model):
    metadata.write_properties(model, {"name": "a", "precision": "float32"})
    metadata.write_properties(model, {"precision": "int8"})
    assert metadata.read_properties(model) == {"name": "a", "precision": "int8"}


def test_source_commit_names_a_commit_or_says_unknown():
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?|unknown", metadata.source_commit())


def test_source_commit_without_git_is_unknown(monkeypatch):
    def no_git(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert metadata.source_commit() == "unknown"

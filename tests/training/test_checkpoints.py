import pytest

from training.checkpoints import load_network, read_training_record
from training.unet import PConvUNet
from training.weights_file import save_weights


def test_the_record_lies_beside_a_keras_file(tmp_path):
    (tmp_path / "model.json").write_text('{"photos": 5031}', encoding="utf-8")
    assert read_training_record(tmp_path / "model.keras") == {"photos": 5031}


def test_the_record_lies_in_a_safetensors_file(tmp_path):
    (tmp_path / "model.json").write_text('{"photos": 5031}', encoding="utf-8")
    save_weights(PConvUNet(levels=2, width=2), tmp_path / "model.safetensors", training={"a": 1})
    assert read_training_record(tmp_path / "model.safetensors") == {"a": 1}


def test_a_missing_record_is_empty(tmp_path):
    assert read_training_record(tmp_path / "model.keras") == {}


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[1]", "not a JSON object")])
def test_a_broken_record_is_named(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"model.json is {message}"):
        read_training_record(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["no.keras", "no.safetensors"])
def test_a_missing_model_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name):
        load_network(tmp_path / name)

import pytest

from export import acceptance
from export.acceptance import Drop, as_table, measure_drops
from export.files import write_model
from training.masks import BUCKETS


@pytest.fixture
def model_file(exported, tmp_path):
    path = tmp_path / "model.onnx"
    write_model(exported, path)
    return path


def test_a_model_is_as_good_as_itself(model_file, photos):
    drops = measure_drops(model_file, model_file, photos, limit=1)
    assert len(drops) == len(BUCKETS)
    assert [drop.decibels for drop in drops] == [0.0] * len(BUCKETS)


def test_reference_and_variant_are_not_mixed_up(model_file, saved_network, photos, monkeypatch):
    """Against a variant that paints everything black."""
    load_model = acceptance.load_model

    def load(path):
        predict = load_model(path)
        return predict if path == model_file else lambda image, mask: predict(image, mask) * 0

    monkeypatch.setattr(acceptance, "load_model", load)
    alone = measure_drops(model_file, model_file, photos, limit=1)
    drops = measure_drops(model_file, saved_network, photos, limit=1)
    assert [drop.reference for drop in drops] == [drop.reference for drop in alone]
    assert all(drop.variant != drop.reference for drop in drops)


def test_table_marks_what_is_not_allowed():
    drops = [Drop("0.01-0.1", 30.0, 29.86), Drop("0.1-0.2", 25.0, 24.8)]
    table = as_table(drops, 0.15).splitlines()
    assert table[1].endswith("ok")
    assert table[2].endswith("FAILED")
    assert "0.200" in table[2]

"""What a run is started with."""

import pytest

from training.inputs import earlier_runs


@pytest.mark.parametrize("record", ["not JSON", "[1]", '{"recipe": "a", "steps": 1}'])
def test_a_record_that_is_none_is_not_taken_over(tmp_path, record, caplog):
    (tmp_path / "given.json").write_text(record)
    assert earlier_runs(tmp_path / "given.keras") == {}
    assert "given.keras is not taken over" in caplog.text
    assert earlier_runs(tmp_path / "another.keras") == earlier_runs(None) == {}

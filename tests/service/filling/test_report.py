import csv
import json
from pathlib import Path

import pytest

from service.filling.outcome import Outcome
from service.filling.report import COLUMNS, read_report, report_of, write_report
from service.filling.tasks import Task, TaskError


def outcome_of(name: str, *arguments: object, **values: object) -> Outcome:
    return Outcome(
        Task(Path(f"in/{name}.jpg"), None, Path(f"out/{name}.png")), *arguments, **values
    )


OUTCOMES = [
    outcome_of("b", "failed", 'no "mask", none', 0.25),
    outcome_of("a", "filled", "", 1.23456, (50, 40), 321, "on", (1, 2, 3, 4)),
    outcome_of("c", "skipped"),
]


def test_columns_as_they_are_written(tmp_path: Path) -> None:
    write_report(tmp_path / "x.csv", report_of(OUTCOMES, {}))
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        list(COLUMNS),
        ["in/a.jpg", "out/a.png", "filled", "", "1.235", "50", "40", "321", "on", "1,2,3,4"],
        ["in/b.jpg", "out/b.png", "failed", 'no "mask", none', "0.25", "", "", "", "", ""],
        ["in/c.jpg", "out/c.png", "skipped", "", "", "", "", "", "", ""],
    ]
    write_report(tmp_path / "x.json", report_of(OUTCOMES, {}))
    first, second, third = json.loads((tmp_path / "x.json").read_text())
    assert list(first) == list(COLUMNS)
    assert (first["seconds"], first["width"], first["reason"]) == (1.235, 50, None)
    assert (second["reason"], third["outcome"]) == ('no "mask", none', "skipped")


@pytest.mark.parametrize("name", ["x.csv", "x.json"])
def test_a_photo_that_is_skipped_keeps_the_line_that_it_had(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert read_report(path) == {}
    write_report(path, report_of(OUTCOMES, {}))
    before = path.read_text()
    again = [outcome_of("a", "skipped"), outcome_of("b", "skipped"), outcome_of("c", "skipped")]
    write_report(path, report_of(again, read_report(path)))
    assert path.read_text() == before
    write_report(path, report_of([outcome_of("a", "stopped")], read_report(path)))
    assert "stopped" in path.read_text()


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.csv", b"a,b\n1,2\n"), ("x.json", b"{"), ("x.json", b"[1]"), ("x.csv", b"\xff\xfe\0")],
)
def test_what_is_no_report_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TaskError, match="no report"):
        read_report(tmp_path / name)

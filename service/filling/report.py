"""A file that says what became of every photo: CSV, or JSON as a list of objects."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from service.filling.outcome import Outcome
from service.filling.tasks import TaskError
from service.filling.whole_files import write_whole

FORMATS = (".csv", ".json")
COLUMNS = (
    "photo",
    "output",
    "outcome",
    "reason",
    "seconds",
    "width",
    "height",
    "bytes",
    "texture",
    "crop",
)

Row = dict[str, str | int | float | None]


def row_of(outcome: Outcome) -> Row:
    """One line of a report; None for what is not known."""
    width, height = outcome.size or (None, None)
    return {
        "photo": str(outcome.task.image),
        "output": str(outcome.task.output),
        "outcome": outcome.state,
        "reason": outcome.reason or None,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 3),
        "width": width,
        "height": height,
        "bytes": outcome.bytes,
        "texture": outcome.texture or None,
        "crop": ",".join(map(str, outcome.crop)) if outcome.crop else None,
    }


def read_report(path: Path) -> dict[str, Row]:
    """The lines of an earlier report by the file that was written; none where there is no report.

    Raises:
        TaskError: the file is no report.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        rows = json.loads(text) if path.suffix == ".json" else _rows_of_csv(text)
        return {row["output"]: {name: row[name] for name in COLUMNS} for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise TaskError(f"{path} is there and is no report of an earlier run: {error}") from error


def _rows_of_csv(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"its first line is not {','.join(COLUMNS)}")
    return list(reader)


def report_of(outcomes: Iterable[Outcome], earlier: dict[str, Row]) -> list[Row]:
    """A line for every photo, by name. A photo that was skipped keeps the line that it had."""
    rows = []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.task.image):
        row = row_of(outcome)
        before = earlier.get(str(row["output"]), row)
        known = outcome.state == "skipped" and before["outcome"] != "stopped"
        rows.append(before if known else row)
    return rows


def write_report(path: Path, rows: Sequence[Row]) -> None:
    """Write a report in the format that its name ends in.

    A file name that is not UTF-8 is written into CSV as it is, and into JSON, which is always
    UTF-8, with `\\udc80` to `\\udcff` for the bytes that are none, as Python reads such names.

    Raises:
        OSError: it cannot be written.
    """
    if path.suffix == ".json":
        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
        content = text.encode(errors="backslashreplace")
    else:
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        content = file.getvalue().encode(errors="surrogateescape")
    write_whole(path, content)

"""Lines of a report that is still to be written, for a run that does not come to its end."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Self

from service.filling.outcome import Outcome
from service.filling.report import COLUMNS, Row, row_of
from service.filling.tasks import TaskError


class ReportLines:
    """A file beside the report, to which a line of JSON is added for each photo that has ended.

    Whatever ends the process, the next run finds them there (`read_lines`). What is left of a
    line that was cut off is no JSON and spoils no other: each begins with a line break.

    Args:
        report: The report.
        go_on: Whether to keep the lines of an earlier run.

    Raises:
        TaskError: nothing can be written there.
    """

    def __init__(self, report: Path, *, go_on: bool) -> None:
        self._path = _path_of(report)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab" if go_on else "wb", buffering=0)
        except OSError as error:
            raise TaskError(f"the report cannot be written: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        with suppress(OSError):
            if self._path.stat().st_size == 0:
                self._path.unlink()

    def add(self, outcome: Outcome) -> None:
        """Add a photo's line. A full disk is no reason to end: the report itself will tell."""
        with suppress(OSError):
            self._file.write(b"\n" + json.dumps(row_of(outcome)).encode())

    def drop(self) -> None:
        """The report is written, and no line is needed any more."""
        with suppress(OSError):
            self._path.unlink()


def read_lines(report: Path) -> dict[str, Row]:
    """What an earlier run left beside a report, by the file that was written."""
    try:
        lines = _path_of(report).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    rows: dict[str, Row] = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            rows[row["output"]] = {name: row[name] for name in COLUMNS}
    return rows


def _path_of(report: Path) -> Path:
    return report.with_name(f"{report.name}.lines")

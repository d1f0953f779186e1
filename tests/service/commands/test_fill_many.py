"""`fill` over many photos: gone on with after a stop, written over nothing, reported."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from service.commands.fill import EXIT_FAILED, EXIT_USAGE
from service.filling.filler import Filler
from service.filling.outcome import Outcome
from service.filling.stopping import Stop
from service.filling.tasks import Task
from service.filling.whole_files import is_whole
from tests.service.commands.fills import contents, filled_by_command, run
from tests.service.pictures import file_of, noise


def test_a_run_is_gone_on_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there as a whole is left out; what is cut off is filled again."""
    arguments = (folder / "in", folder / "mask.png", "-o", folder / "out", "--resume")
    report = folder / "report.csv"
    (folder / "in/broken.png").write_bytes(b"no photo")
    assert run(*arguments, "--report", report, "--jobs", 2) == EXIT_FAILED
    assert "2 filled, 1 failed" in capsys.readouterr().err
    first = report.read_text()
    whole, cut = folder / "out/a.png", folder / "out/b.png"
    kept, content = whole.stat().st_mtime_ns, cut.read_bytes()
    cut.write_bytes(content[:-1])
    (folder / "in/broken.png").write_bytes(file_of(noise(40, 50, seed=3)))
    assert run(*arguments, "--report", report) == 0
    assert "2 filled, 1 skipped" in capsys.readouterr().err
    assert whole.stat().st_mtime_ns == kept
    assert cut.read_bytes() == content
    second = report.read_text()
    assert "the image is text, not a picture" in first
    assert [line.split(",")[2] for line in second.splitlines()[1:]] == ["filled"] * 3
    assert second.splitlines()[1] == first.splitlines()[1]
    assert run(*arguments) == 0
    assert "3 skipped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("", ("in", "masks", "-o", "in", "--resume"), "cannot tell a photo from its answer"),
        ("", ("in/*.png", "masks", "-o", "in", "--resume"), "cannot tell a photo from its answer"),
        ("", ("in/a.png", "masks", "-o", "in", "--resume"), "cannot tell a photo from its answer"),
        ("in/c.jpg", ("in", "mask.png", "-o", "in", "--resume"), "cannot tell a photo"),
        ("in/a.jpg", ("in", "mask.png", "-o", "in"), "a.png, which is another photo"),
        ("", ("in", "masks", "-o", "masks"), "for masks"),
        ("", ("in/a.png", "masks", "-o", "masks"), "over the mask"),
        ("link", ("in", "mask.png", "-o", "out"), "out/b.png, which is another photo"),
    ],
)
def test_no_photo_and_no_mask_is_written_over(
    folder: Path,
    name: str,
    arguments: tuple[str, ...],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    if name == "link":
        Path("out").mkdir()
        Path("out/b.png").symlink_to(folder / "in/a.png")
    elif name:
        Path(name).write_bytes(file_of(noise(40, 50, seed=9)))
    before = contents(folder)
    assert run(*arguments) == EXIT_USAGE
    assert reason in capsys.readouterr().err
    assert contents(folder) == before


def test_photos_are_filled_in_place_where_each_is_its_own_answer(folder: Path) -> None:
    (folder / "in/c.jpg").write_bytes(file_of(noise(40, 50, seed=5), "JPEG"))
    before = contents(folder / "in")
    assert run("--quiet", folder / "in", folder / "mask.png", "-o", folder / "in") == 0
    after = contents(folder / "in")
    assert {path.name for path in after} == {"a.png", "b.png", "c.jpg", "c.png"}
    assert {path.name for path in before if before[path] != after[path]} == {"a.png", "b.png"}


def test_answers_may_go_to_a_folder_above_the_photos(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = contents(folder)
    for _ in range(2):
        assert run("--quiet", "in", "masks", "-o", ".", "--resume") == 0
    assert contents(folder).keys() - before.keys() == {folder / "a.png", folder / "b.png"}
    pattern = (folder / "in/*.png", folder / "masks", "-o", folder, "--format", "webp")
    assert run("--quiet", *pattern) == 0
    assert (folder / "b.webp").is_file()
    assert before.items() <= contents(folder).items()


def test_a_pattern_names_photos(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    assert run("--quiet", folder / "in/[b-z]*.png", folder / "masks", "-o", out, "--crop") == 0
    assert [path.name for path in out.iterdir()] == ["b.png"]
    assert capsys.readouterr().out == f"{out / 'b.png'}: 8,8,12,12 of 50,40\n"
    assert run("--quiet", folder / "in/x*.png", "-o", out) == EXIT_USAGE
    assert "x*.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("--jobs", 0), ("--report", "x.txt"), ("--report", "tests.csv")]
)
def test_wrong_options_are_refused(
    folder: Path, arguments: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("tests.csv").mkdir()
    with pytest.raises(SystemExit) as stop:
        run(folder / "in", "-o", folder / "out", *arguments)
    assert stop.value.code == EXIT_USAGE


def test_a_report_that_is_none_is_not_written_over(folder: Path) -> None:
    notes = folder / "notes.csv"
    notes.write_text("mine\n")
    arguments = (folder / "in", folder / "mask.png", "-o", folder / "out", "--report", notes)
    assert run(*arguments, "--resume") == EXIT_USAGE
    assert notes.read_text() == "mine\n"


def test_an_error_that_nobody_foresaw_ends_one_photo_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, content: bytes) -> None:
        if path.stem == "a":
            raise TypeError("odd")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr("service.filling.filler.write_whole", fail)
    assert run("--quiet", folder / "in", folder / "mask.png", "-o", folder / "out") == EXIT_FAILED
    assert [path.name for path in (folder / "out").iterdir()] == ["b.png"]
    assert "a.png: TypeError: odd" in capsys.readouterr().err


def test_a_signal_leaves_whole_files_and_a_report(folder: Path) -> None:
    """Through the real command. The signal comes as soon as the first of a thousand is there."""
    out, report = folder / "out", folder / "report.json"
    for index in range(1000):
        (folder / "in" / f"{index}.png").hardlink_to(folder / "in/a.png")
    command = [sys.executable, "-m", "service", "fill", folder / "in", folder / "mask.png"]
    command += ["-o", out, "--report", report, "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (out.is_dir() and any(out.iterdir())):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert "--resume goes on with" in told
    assert "Traceback" not in told
    states = {row["output"]: row["outcome"] for row in json.loads(report.read_text())}
    assert len(states) == 1002
    assert set(states.values()) == {"filled", "stopped"}
    filled = {name for name, state in states.items() if state == "filled"}
    assert {str(path) for path in out.iterdir()} == filled
    assert all(is_whole(Path(name)) for name in filled)


def test_a_file_name_may_be_any_bytes(folder: Path) -> None:
    """Through the real command: in reports, when they are read again, and where it is printed."""
    name = os.fsdecode(b"caf\xe9")
    (folder / "in/a.png").rename(folder / "in" / f"{name}.png")
    (folder / "in/b.png").rename(folder / "in" / f"{name}2.png")
    (folder / "in" / f"{name}2.png").write_bytes(b"no photo")
    arguments = (folder / "in", folder / "mask.png", "-o", folder / "out", "--crop")
    table, json_ = folder / "x.csv", folder / "x.json"
    first = filled_by_command(*arguments, "--report", table, PYTHONIOENCODING="utf-8")
    assert first.returncode == EXIT_FAILED
    assert first.stdout.startswith(os.fsencode(folder / "out") + b"/caf\xe9.png: 8,8,12,12 of")
    assert b"caf\\udce92.png: the image is text" in first.stderr
    assert b"/in/caf\xe9.png," in table.read_bytes()
    with redirect_stdout(io.StringIO()):  # pytest could not hand such names on
        assert run("--quiet", *arguments, "--report", json_) == EXIT_FAILED
        line = table.read_bytes().splitlines()[1]
        for report in (table, json_):
            assert run("--quiet", *arguments, "--report", report, "--resume") == EXIT_FAILED
    assert table.read_bytes().splitlines()[1] == line
    rows = json.loads(json_.read_text(encoding="utf-8"))
    assert [row["photo"] for row in rows] == [str(path) for path in sorted(folder.glob("in/*"))]
    assert [row["outcome"] for row in rows] == ["filled", "failed"]


def test_a_name_that_standard_output_cannot_say_is_spelt(folder: Path) -> None:
    name = f"{os.fsdecode(bytes([0xE9]))}\N{GREEK SMALL LETTER ALPHA}"
    (folder / "in/a.png").rename(folder / "in" / f"{name}.png")
    arguments = (folder / "in" / f"{name}.png", folder / "mask.png", "-o", folder / f"{name}.png")
    told = filled_by_command(*arguments, "--crop", PYTHONIOENCODING="ascii")
    assert told.returncode == 0
    assert b"/\\udce9\\u03b1.png: 8,8,12,12 of" in told.stdout


def test_lines_of_a_run_that_was_killed_are_not_lost(folder: Path) -> None:
    """Through the real command, killed as soon as two lines are there, and a third cut off."""
    report, lines = folder / "x.csv", folder / "x.csv.lines"
    for index in range(1000):
        (folder / "in" / f"{index}.png").hardlink_to(folder / "in/a.png")
    arguments = ["fill", folder / "in", folder / "mask.png", "-o", folder / "out"]
    command = [sys.executable, "-m", "service", *arguments, "--quiet", "--report", report]
    with subprocess.Popen(command) as process:
        while not (lines.is_file() and len(lines.read_bytes().splitlines()) > 2):
            assert process.poll() is None
        process.kill()
    assert not report.exists()
    told = [json.loads(line) for line in lines.read_text().splitlines()[1:-1]]
    assert {row["outcome"] for row in told} == {"filled"}
    with lines.open("ab") as file:
        file.write(b'\n{"photo": "in/')
    kept = {Path(row["photo"]).name for row in told}
    for path in (folder / "in").iterdir():
        if path.name not in kept | {"b.png"}:
            path.unlink()
    assert run(*arguments[1:], "--quiet", "--report", report, "--resume") == 0
    with report.open(newline="") as file:
        rows = {row["photo"]: row for row in csv.DictReader(file)}
    assert {Path(photo).name for photo in rows} == kept | {"b.png"}
    assert all(rows[row["photo"]]["seconds"] == str(row["seconds"]) for row in told)
    assert not lines.exists()


def test_a_second_signal_leaves_a_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, fill = folder / "x.json", Filler.fill

    def interrupted(filler: Filler, tasks: list[Task], stop: Stop, _: int) -> Iterator[Outcome]:
        yield fill(filler, tasks[0], stop)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("service.commands.fill.fill_many", interrupted)
    arguments = (folder / "in", folder / "mask.png", "-o", folder / "out", "--report", report)
    assert run(*arguments) == 128 + signal.SIGINT
    assert [row["outcome"] for row in json.loads(report.read_text())] == ["filled", "stopped"]
    monkeypatch.undo()
    monkeypatch.setenv("INPAINT_ENGINE", "dummy")
    before = json.loads(report.read_text())
    (folder / "out/b.png").write_bytes((folder / "out/a.png").read_bytes())
    assert run(*arguments, "--resume") == 0
    first, second = json.loads(report.read_text())
    assert (first, second["outcome"]) == (before[0], "skipped")


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (folder / "in", folder / "mask.png", "-o", folder / "out")
    assert run(*arguments, "--report", folder / "mask.png/x.csv") == EXIT_USAGE
    assert "the report cannot be written" in capsys.readouterr().err
    assert not (folder / "out").exists()

"""`python -m service fill`: fill the holes of photos on disk, without a server."""

import argparse
import codecs
import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import NoReturn

from pydantic import ValidationError
from tqdm import tqdm

from service.commands.fill_options import parser
from service.engine.base import EngineError, in_full
from service.filling.collisions import check_resume, check_targets
from service.filling.filler import Filler, Wish
from service.filling.many import fill_many
from service.filling.outcome import Outcome
from service.filling.report import Row, read_report, report_of, write_report
from service.filling.report_lines import ReportLines, read_lines
from service.filling.search import Photos, photos_at
from service.filling.stopping import Stop
from service.filling.tasks import Task, TaskError, single_task, tasks_of
from service.filling.whole_files import is_whole
from service.http.problems import describe_errors
from service.networks.catalogue import check_there
from service.operation.cpus import available_cpus
from service.settings import Settings
from service.texture import LibraryError

Fill = Callable[[Settings, argparse.Namespace, Sequence[Task], Stop], Iterator[Outcome]]
"""Fills photos as the options say, and tells of each when it has ended."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_ENGINE = 3
EXIT_SIGNAL = 128  # and the signal's number, as shells do


def main(argv: Sequence[str]) -> int:
    """Fill photos; returns 0 if all are filled, 1 if some are not, 2 or 3 if none could be.

    128 and more: a signal came before all were.
    """
    return run(parser().parse_args(argv), _fill_here)


def run(options: argparse.Namespace, fill: Fill) -> int:
    """Find photos, fill them and tell how it went; returns the exit code."""
    _print_all_names()
    with Stop() as stop:
        try:
            return _run(options, fill, stop)
        except ValidationError as error:
            return _complain(f"settings: {describe_errors(error.errors())}", EXIT_USAGE)
        except TaskError as error:
            return _complain(str(error), EXIT_USAGE)
        except (EngineError, LibraryError) as error:
            return _complain(in_full(error), EXIT_ENGINE)
        except KeyboardInterrupt:  # the second one
            return EXIT_SIGNAL + stop.signal


def _run(options: argparse.Namespace, fill: Fill, stop: Stop) -> int:
    settings = Settings() if options.model is None else Settings(model=options.model)
    check_there(settings)
    photos = photos_at(options.image)
    tasks, outcomes = _tasks_of(options, photos)
    earlier: dict[str, Row] = {}
    if options.report and options.resume:
        earlier = read_report(options.report) | read_lines(options.report)
    start = time.perf_counter()
    with ExitStack() as stack:
        lines: ReportLines | None = None
        if options.report:
            lines = stack.enter_context(ReportLines(options.report, go_on=options.resume))
        if tasks:
            outcomes += _ended(fill(settings, options, tasks, stop), tasks, lines)
        if photos is not None and not options.quiet:
            print(_summary(outcomes, time.perf_counter() - start), file=sys.stderr)
        _tell_failures(outcomes)
        if lines:
            try:
                write_report(options.report, report_of(outcomes, earlier))
            except OSError as error:
                return _complain(f"the report is not written: {error}", EXIT_FAILED)
            lines.drop()
    states = {outcome.state for outcome in outcomes}
    if "stopped" in states:
        return EXIT_SIGNAL + stop.signal
    return EXIT_FAILED if "failed" in states else 0


def _tasks_of(
    options: argparse.Namespace, photos: Photos | None
) -> tuple[list[Task], list[Outcome]]:
    """What is to be done, and what is known of the other photos: refused, or done before.

    Raises:
        TaskError: nothing can be done as the options say.
    """
    refused: dict[Task, str] = {}
    if photos is None:
        tasks = [single_task(options.image, options.mask, options.output)]
    else:
        if options.resume:
            check_resume(photos, options.output)
        tasks, refused = tasks_of(photos, options.mask, options.output, f".{options.format}")
    check_targets(tasks, [task.image for task in refused], resume=options.resume)
    known = [Outcome(task, "failed", reason) for task, reason in refused.items()]
    left = []
    for task in tasks:
        if options.resume and is_whole(task.output):
            known.append(Outcome(task, "skipped"))
        else:
            left.append(task)
    return left, known


def _tell_failures(outcomes: Sequence[Outcome]) -> None:
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    for outcome in sorted(failed, key=lambda outcome: outcome.task.image):
        print(f"failed: {outcome.task.image}: {outcome.reason}", file=sys.stderr)


def wish_of(options: argparse.Namespace) -> Wish:
    """How the options want photos to be filled."""
    return Wish(
        invert_mask=options.invert_mask,
        dilate=options.dilate,
        feather=options.feather,
        crop=options.crop,
        texture=options.texture,
        seed=options.seed,
        metadata=options.metadata,
    )


def _fill_here(
    settings: Settings, options: argparse.Namespace, tasks: Sequence[Task], stop: Stop
) -> Iterator[Outcome]:
    with Filler(settings, wish_of(options), many=len(tasks) > 1) as filler:
        if len(tasks) == 1:
            yield from _with_a_bar_of_steps(filler, tasks[0], stop, options.quiet)
        else:
            ended = fill_many(filler, tasks, stop, options.jobs or available_cpus())
            yield from with_a_bar_of_photos(ended, tasks, options.quiet)


def _ended(
    outcomes: Iterator[Outcome], tasks: Sequence[Task], lines: ReportLines | None
) -> list[Outcome]:
    """All outcomes, each noted when it comes; says where rectangles belong that are no photos.

    A second signal leaves the rest of them stopped.
    """
    ended: dict[Task, Outcome] = {}
    try:
        for outcome in outcomes:
            ended[outcome.task] = outcome
            if lines and outcome.state != "stopped":
                lines.add(outcome)
            if outcome.crop and outcome.size:
                place, size = ",".join(map(str, outcome.crop)), ",".join(map(str, outcome.size))
                tqdm.write(f"{outcome.task.output}: {place} of {size}")
    except KeyboardInterrupt:
        pass
    return [ended.get(task) or Outcome(task, "stopped") for task in tasks]


def _with_a_bar_of_steps(filler: Filler, task: Task, stop: Stop, quiet: bool) -> Iterator[Outcome]:
    bar: tqdm[NoReturn]
    with tqdm(desc=task.image.name, unit="step", disable=quiet) as bar:

        def on_progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        outcome = filler.fill(task, stop, on_progress)
    yield outcome


def with_a_bar_of_photos(
    outcomes: Iterator[Outcome], tasks: Sequence[Task], quiet: bool
) -> Iterator[Outcome]:
    """The same outcomes, counted by a progress bar."""
    failed = 0
    with tqdm(total=len(tasks), unit="photo", disable=quiet) as bar:
        for outcome in outcomes:
            if outcome.state == "stopped":
                bar.set_description("stopping", refresh=False)
            else:
                bar.update()
            failed += outcome.state == "failed"
            if failed:
                bar.set_postfix(failed=failed, refresh=False)
            yield outcome


def _summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """How many photos of each kind, and how fast."""
    states = Counter(outcome.state for outcome in outcomes)
    done = states["filled"] + states["unchanged"]
    parts = [f"{states[state]} {state}" for state in ("filled", "unchanged", "skipped", "failed")]
    text = ", ".join(part for part in parts if not part.startswith("0 ")) or "0 filled"
    if done:
        text += f"; {seconds:.0f} s, the start included"
    if states["stopped"]:
        text += f"; stopped before {states['stopped']} others, which --resume goes on with"
    return text


def _print_all_names() -> None:
    """File names may be any bytes, and none may end the run where it is printed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
        sys.stdout.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")


def _complain(reason: str, exit_code: int) -> int:
    print(f"cannot fill: {reason}", file=sys.stderr)
    return exit_code

"""`python -m service fill` as a Ray Data pipeline, for folders and buckets of photos.

    python -m service.ray.fill s3://bucket/photos s3://bucket/masks -o s3://bucket/filled --jobs 8

Names of photos go to actors, which read, fill and write; photos never go through Ray. docs/ray.md
says more.
"""

import argparse
import logging
import math
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from service.commands.fill import EXIT_ENGINE, EXIT_USAGE, run, wish_of, with_a_bar_of_photos
from service.commands.fill_options import parser
from service.filling.filler import Filler, Wish
from service.filling.outcome import Outcome
from service.filling.stopping import Stop
from service.filling.tasks import Task
from service.operation.logs import configure_logging
from service.ray.serve import Arguments, replica_settings
from service.settings import Settings

PHOTOS_A_BLOCK = 8
"""What an actor gets at a time, and does again as a whole where it died."""


def main(argv: Sequence[str] | None = None) -> int:
    """Fill photos; returns the same exit codes as `python -m service fill`."""
    try:
        from ray.exceptions import RayError
    except ImportError:
        return _complain("the extra `ray` is not installed", EXIT_USAGE)
    options = _parser().parse_args(argv)
    try:
        return run(options, fill_on_ray)
    except RayError as error:
        return _complain(str(error), EXIT_ENGINE)
    except (ValueError, OSError, ImportError) as error:  # such as a bucket that is not there
        return _complain(str(error), EXIT_USAGE)


def path_of(text: str) -> Path:
    """A path on the disk, the same for all nodes, or for a URL what can be used like one.

    Raises:
        argparse.ArgumentTypeError: nothing is known that reads such URLs.
    """
    from upath import UPath

    try:
        path = UPath(text)
        local = path.protocol in ("", "file", "local")
        return Path(path.path).absolute() if local else cast(Path, path)
    except (ValueError, ImportError) as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    options = parser("python -m service.ray.fill", path_of)
    cluster = options.add_argument_group(
        "cluster",
        "The cluster is the one that RAY_ADDRESS names, or else this machine. Photos, masks and "
        "the output may be URLs of what fsspec knows (s3://, gs://, abfs://, hdfs://; most need a "
        "package of their own), or lie on a disk that all nodes see. --jobs is the number of "
        "actors (default: as many as there is room for).",
    )
    cluster.add_argument(
        "--cpus", type=float, default=1, help="CPUs of an actor (default: %(default)s)"
    )
    cluster.add_argument(
        "--gpus", type=float, default=0, help="of a GPU, such as 0.5 (default: %(default)s)"
    )
    return options


def fill_on_ray(
    settings: Settings, options: argparse.Namespace, tasks: Sequence[Task], stop: Stop
) -> Iterator[Outcome]:
    """Fill photos on a cluster.

    Raises:
        ValueError: settings and options contradict each other.
        ray.exceptions.RayError: actors cannot be started.
    """
    size = Arguments(num_cpus=options.cpus, num_gpus=options.gpus)
    held = replica_settings(settings, size)
    ended = _outcomes(held, wish_of(options), size, options.jobs, tasks, stop)
    return with_a_bar_of_photos(ended, tasks, options.quiet)


def _outcomes(
    settings: Settings,
    wish: Wish,
    size: Arguments,
    jobs: int | None,
    tasks: Sequence[Task],
    stop: Stop,
) -> Iterator[Outcome]:
    from ray import data

    data.DataContext.get_current().enable_progress_bars = False  # there is one of photos
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    rows = data.from_items(
        [{"task": pickle.dumps(task)} for task in tasks],
        override_num_blocks=math.ceil(len(tasks) / PHOTOS_A_BLOCK),
    )
    filled = rows.map_batches(
        Actor,
        batch_size=1,
        fn_constructor_args=(settings, wish),
        compute=data.ActorPoolStrategy(size=jobs) if jobs else data.ActorPoolStrategy(min_size=1),
        num_cpus=size.num_cpus,
        num_gpus=size.num_gpus,
    )
    left = set(tasks)
    for row in filled.iter_rows():
        outcome: Outcome = pickle.loads(row["outcome"])
        left.discard(outcome.task)
        yield outcome
        if stop.asked:
            break
    yield from (Outcome(task, "stopped") for task in left)


class Actor:
    """Holds the pipeline on a node, and fills one photo after the other."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        configure_logging(settings.log_level, settings.log_format)
        self._stop = Stop()
        self._filler = Filler(settings, wish, many=True).__enter__()

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[bytes]]:
        """Pickled tasks to pickled outcomes."""
        outcomes = [self._filler.fill(pickle.loads(task), self._stop) for task in batch["task"]]
        return {"outcome": [pickle.dumps(outcome) for outcome in outcomes]}


def _complain(reason: str, exit_code: int) -> int:
    print(f"cannot fill: {reason}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())

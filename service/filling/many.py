"""Many photos, several at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from service.filling.filler import Filler
from service.filling.outcome import Outcome
from service.filling.stopping import Stop
from service.filling.tasks import Task


def fill_many(filler: Filler, tasks: Sequence[Task], stop: Stop, jobs: int) -> Iterator[Outcome]:
    """Fill photos, `jobs` at a time; yields an outcome for each, in the order in which they end."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="fill") as pool:
        futures = [pool.submit(filler.fill, task, stop) for task in tasks]
        for future in as_completed(futures):
            yield future.result()

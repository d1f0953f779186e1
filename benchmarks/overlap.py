"""Runs that overlap on a CPU: windows a second of one session in several threads.

    python -m benchmarks.overlap [--seconds 2] [--rounds 3] [--sizes 128 256 512]

The peer is one run after the other with all threads. Beside it: as many runs at once as the service
has, each with one thread, in batches of one window and more. Every way has its turn in every round;
ratios are the medians of the rounds' ratios. Settings (INPAINT_MODEL, ...) apply.
"""

import threading
import time
from dataclasses import dataclass
from statistics import median

import onnxruntime

from benchmarks.options import parser_of
from benchmarks.report import Report
from benchmarks.sessions import feed, precision_of, service_session
from service.engine.side_by_side import runs_for
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Way:
    """How windows are run: runs at once, threads of the session, windows of a run."""

    runs: int
    threads: int
    batch: int


def ways(threads: int) -> list[Way]:
    """What is compared, the peer first."""
    runs = runs_for(threads)
    return [
        Way(1, threads, 1),
        Way(1, threads, 4),
        Way(runs, threads, 1),
        Way(runs, 1, 1),
        Way(runs, 1, 2),
        Way(runs, 1, 4),
    ]


def session_of(threads: int) -> onnxruntime.InferenceSession:
    """The service's session with another number of threads."""

    def change(options: onnxruntime.SessionOptions) -> None:
        options.intra_op_num_threads = threads

    return service_session(change)


def rate(session: onnxruntime.InferenceSession, way: Way, size: int, seconds: float) -> float:
    """Windows a second."""
    given = feed(size, way.batch)
    session.run(None, given)
    start = time.perf_counter()
    counts = [0] * way.runs

    def work(number: int) -> None:
        while time.perf_counter() < start + seconds:
            session.run(None, given)
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(way.runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) * way.batch / (time.perf_counter() - start)


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("overlap", __doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of every turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 512])
    options = parser.parse_args()
    compared = ways(Settings().thread_count)
    sessions = {way.threads: session_of(way.threads) for way in compared}
    report = Report(
        "overlap",
        "Runs that overlap on a CPU",
        peer="one run of all threads after the other, one window each",
        columns={
            "size": "Size",
            "runs": "Runs at once",
            "threads": "Threads of the session",
            "batch": "Windows of a run",
            "windows": "Windows/s",
            "ratio": "Times the peer",
        },
        labels=("size", "runs", "threads", "batch"),
        settings={
            "seconds": options.seconds,
            "rounds": options.rounds,
            "precision": precision_of(sessions[compared[0].threads]),
        },
    )
    for size in options.sizes:
        rounds = [
            [rate(sessions[way.threads], way, size, options.seconds) for way in compared]
            for _ in range(options.rounds)
        ]
        for number, way in enumerate(compared):
            report.add(
                size=size,
                runs=way.runs,
                threads=way.threads,
                batch=way.batch,
                windows=median(rates[number] for rates in rounds),
                ratio=median(rates[number] / rates[0] for rates in rounds),
            )
    report.write(options.out)


if __name__ == "__main__":
    main()

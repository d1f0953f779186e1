"""Eight clients that alternate between two networks of one server, in answers a second.

    python -m benchmarks.two_networks [--other FILE] [--seconds 10] [--rounds 3] [--clients 8]

One network is the bundled model as the settings run it, the other one its float32 file alone, or
any other file that the service takes. Requests are PNGs of 512x512 with scratches all over, which
one window of 512 fills, without texture. Three loads take turns on the same server: all clients ask
for the one, all for the other, and each client for both in turn. The peer is the slower one of the
first two; the ratio is the median of the rounds' ratios. Its bar is 0.8.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.clients import Body, Result, body_of, closed, files_of
from benchmarks.options import parser_of
from benchmarks.photos import scratches
from benchmarks.report import Report
from benchmarks.server import server_of
from service.settings import BUNDLED_MODEL, Settings

FIRST, OTHER, BOTH = "bundled", "other", "both in turn"
SIDE = 512
BAR = 0.8


@contextmanager
def folder_of(other: Path) -> Iterator[Path]:
    """A folder with the bundled model and its variants, and with another model alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in BUNDLED_MODEL.parent.glob(f"{BUNDLED_MODEL.stem}.*onnx"):
            (folder / file.name.replace(BUNDLED_MODEL.stem, FIRST, 1)).symlink_to(file)
        (folder / f"{OTHER}.onnx").symlink_to(other.resolve())
        yield folder


def measure(base: str, options: argparse.Namespace) -> dict[str, list[Result]]:
    """Results by load, round by round."""
    files = files_of(scratches(SIDE))
    first, other = (body_of(files, model=name, texture="off") for name in (FIRST, OTHER))
    loads: dict[str, list[Body]] = {FIRST: [first], OTHER: [other], BOTH: [first, other]}
    results: dict[str, list[Result]] = {name: [] for name in loads}
    asyncio.run(closed(base, loads[BOTH], options.clients, 1))  # loads it, warms every worker
    for _ in range(options.rounds):
        for name, bodies in loads.items():
            results[name].append(
                asyncio.run(closed(base, bodies, options.clients, options.seconds))
            )
    return results


def fill_in(report: Report, results: dict[str, list[Result]]) -> None:
    """Add a row for each load, and hold the mixed one against the bar."""
    alone = list(zip(results[FIRST], results[OTHER], strict=True))
    slower = [min(one.throughput, two.throughput) for one, two in alone]
    for name, rounds in results.items():
        if failed := sum(result.other + len(result.refused) for result in rounds):
            raise SystemExit(f"{name}: {failed} requests were not answered")
        rates = [result.throughput for result in rounds]
        ratio = median(rate / peer for rate, peer in zip(rates, slower, strict=True))
        report.add(load=name, throughput=median(rates), ratio=ratio)
        print(f"{name}: {median(rates):.2f} a second, {ratio:.2f} of the slower one alone")
    report.at_least("both in turn over the slower one alone", ratio, BAR)


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("two_networks", __doc__)
    parser.add_argument("--other", type=Path, default=BUNDLED_MODEL, help="the other network")
    parser.add_argument("--seconds", type=float, default=10, help="of every turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    report = Report(
        "two_networks",
        f"{options.clients} clients that alternate between two networks",
        peer="all clients asking for the slower one",
        columns={"load": "Clients ask for", "throughput": "Answers/s", "ratio": "Over the slower"},
        labels=("load",),
        settings={"seconds": options.seconds, "rounds": options.rounds},
    )
    with (
        folder_of(options.other) as folder,
        server_of(
            INPAINT_MODELS=str(folder),
            INPAINT_MODEL=FIRST,
            INPAINT_QUEUE_SIZE=str(Settings().queue_size + options.clients),
        ) as (base, _),
    ):
        fill_in(report, measure(base, options))
    report.write(options.out)


if __name__ == "__main__":
    main()

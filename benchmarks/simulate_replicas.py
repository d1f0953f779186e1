"""How many replicas some requests a second need, with how long a queue, and where it breaks.

    python -m benchmarks.simulate_replicas [--rates 10 100 1000] [--texture on] [--seed 0]
        [--mix "small hole=70,scratches=20,object=8,12 MP=2"] [--requests 120000]

Takes what `python -m benchmarks.capacity` measured of one replica (`--measured`), and simulates
many behind a balancer (benchmarks/replicas.py says by which rules) at a rate of requests that come
whether or not earlier ones were answered. The peer is the number of replicas that could do the work
if all of them were busy all the time; those that are tried are so many times that number. For the
last rate also: other queues where too much comes, and a balancer that knows nothing of the
replicas.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.capacity import MIX, MIXED, NAME, SMALL, TEXTURES
from benchmarks.options import parser_of
from benchmarks.replicas import Balance, Kind, Run, Site, simulate
from benchmarks.report import RESULTS, Report, Value
from service.settings import Settings

HEADROOMS = (0.8, 1.0, 1.1, 1.2, 1.4, 2.0)
TOO_FEW = 0.8
QUEUES = (0, 4, 64)  # beside the default
SPREAD_BLINDLY = (1.4, 2.0)
ADVISED = 1.4
SERVED, QUICK_S = 0.999, 2.0  # the bars there, for the last rate


def mix_of(text: str) -> dict[str, float]:
    """Percent by class, from `class=percent,class=percent`."""
    pairs = (part.partition("=") for part in text.split(","))
    shares = {name.strip(): float(share) for name, _, share in pairs}
    if not shares.keys() <= MIX.keys() or min(shares.values()) <= 0:
        raise argparse.ArgumentTypeError(f"classes are {', '.join(MIX)}; shares are above 0")
    return shares


def costs_of(text: str) -> dict[str, Any]:
    """What `capacity` would have measured, from `class=answers a second:ms alone,...`."""
    rows = []
    for part in text.split(","):
        name, _, figures = part.partition("=")
        rate, _, alone = figures.partition(":")
        row = {"request": name.strip(), "rate": float(rate), "alone_ms": float(alone)}
        rows += [row | {"texture": texture} for texture in TEXTURES]
    settings = {"workers": Settings().worker_count}
    return {"rows": rows, "settings": settings, "machine": {"date": f"given: {text}"}}


def kinds_of(measured: dict[str, Any], mix: dict[str, float], texture: str) -> list[Kind]:
    """The classes of the mix, with the costs that were measured."""
    rows = {row["request"]: row for row in measured["rows"] if row["texture"] == texture}
    kinds = []
    for name, share in mix.items():
        work, alone_s = 1 / rows[name]["rate"], rows[name]["alone_ms"] / 1e3
        kinds.append(Kind(name, share / sum(mix.values()), work, min(1.0, work / alone_s)))
    return kinds


def row_of(rate: float, site: Site, run: Run, least: float) -> dict[str, Value]:
    """What a reader wants to know of a run."""
    everything = [one for some in run.latencies.values() for one in some]
    p50, p95, p99 = np.percentile(everything, (50, 95, 99))
    return {
        "rate": f"{rate:g}",
        "replicas": site.replicas,
        "queue": site.queue,
        "balance": site.balance,
        "refused": f"{run.refused_share:.2%}",
        "p50": float(p50),
        "p95": float(p95),
        "p99": float(p99),
        "present": run.present / site.replicas,
        "ratio": site.replicas / least,
    }


def sites_of(least: float, workers: int, queue: int, *, last: bool) -> list[Site]:
    """What is tried at one rate."""

    def site(headroom: float, queue: int, balance: Balance = "least connections") -> Site:
        return Site(max(1, round(least * headroom)), workers, queue, balance)

    sites = [site(headroom, queue) for headroom in HEADROOMS]
    if last:
        sites += [site(TOO_FEW, other) for other in QUEUES]
        sites += [site(headroom, queue, "random") for headroom in SPREAD_BLINDLY]
    return list(dict.fromkeys(sites))


def draw(figure: Any, report: Report, queue: int) -> None:
    """Latencies and refusals by how many replicas there are, for every rate."""
    left, right = figure.subplots(1, 2)
    usual = [r for r in report.rows if r["queue"] == queue and r["balance"] != "random"]
    for rate in dict.fromkeys(row["rate"] for row in usual):
        rows = [row for row in usual if row["rate"] == rate]
        at = [row["ratio"] for row in rows]
        left.plot(at, [row["p95"] for row in rows], "o-", label=f"{rate} a second")
        right.plot(
            at, [float(str(r["refused"])[:-1]) for r in rows], "o-", label=f"{rate} a second"
        )
    left.set(xlabel="replicas over the least", ylabel="p95, seconds", yscale="log")
    right.set(xlabel="replicas over the least", ylabel="% refused", ylim=(0, None))
    for axes in (left, right):
        axes.legend()


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = parser_of("simulate_replicas", __doc__)
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[10, 100, 1000], help="requests a second"
    )
    parser.add_argument("--mix", type=mix_of, default=MIX, help="percent by class")
    parser.add_argument("--texture", choices=("on", "off"), default="on")
    parser.add_argument("--requests", type=int, default=120_000, help="of every run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measured", type=Path, default=RESULTS / f"{NAME}.json")
    parser.add_argument(
        "--costs",
        type=costs_of,
        help="instead of what was measured: 'small hole=11.5:132' for 11.5 answers a second of a "
        "busy replica and 132 ms for one that is alone",
    )
    return parser.parse_args(arguments)


def report_of(options: argparse.Namespace, measured: dict[str, Any], kinds: list[Kind]) -> Report:
    """A report without rows."""
    mean = sum(kind.share * kind.work for kind in kinds)
    report = Report(
        "simulate_replicas",
        "Requests over replicas, simulated",
        peer="the replicas that could do the work if they were busy all the time",
        columns={
            "rate": "Requests/s",
            "replicas": "Replicas",
            "ratio": "Over the least",
            "queue": "Queue of each",
            "balance": "Balance",
            "refused": "Refused",
            "p50": "p50, s",
            "p95": "p95, s",
            "p99": "p99, s",
            "present": "Requests in each",
        },
        labels=("rate", "replicas", "queue", "balance"),
        settings={
            "mix": ", ".join(f"{kind.name} {kind.share:.0%}" for kind in kinds),
            "texture": options.texture,
            "workers of each": measured["settings"]["workers"],
            "requests of every run": options.requests,
            "seed": options.seed,
            "capacity": measured["machine"]["date"],
        },
    )
    costs = ", ".join(f"{kind.name} {1e3 * kind.work:.0f}" for kind in kinds)
    report.notes.append(
        f"A request of this mix takes {1e3 * mean:.0f} ms of a whole replica on average: {costs}."
    )
    return report


def compared(measured: dict[str, Any], site: Site, options: argparse.Namespace) -> str:
    """A sentence that holds the model against the mix that one replica was really asked for."""
    settings = measured["settings"]
    (row,) = (row for row in measured["rows"] if row["request"] == MIXED)
    rate, kinds = settings["rate of the mix"], kinds_of(measured, MIX, "on")
    run = simulate(site, kinds, rate, options.requests / rate, options.seed)
    model = row_of(rate, site, run, 1.0)
    return (
        f"One replica at {rate:.2f} requests of the mix a second, measured: p50 "
        f"{row['p50_ms'] / 1e3:.2f} s, p95 {row['p95_ms'] / 1e3:.2f} s, "
        f"{settings['refused of the mix']} refused. The model says p50 {model['p50']:.2f} s, p95 "
        f"{model['p95']:.2f} s, {model['refused']} refused."
    )


def main() -> None:
    """Simulate and write the report."""
    options = options_of()
    measured = options.costs or json.loads(options.measured.read_text())
    kinds = kinds_of(measured, options.mix, options.texture)
    report = report_of(options, measured, kinds)
    queue, workers = Settings().queue_size, measured["settings"]["workers"]
    if "rate of the mix" in measured["settings"]:
        report.notes.append(compared(measured, Site(1, workers, queue), options))
    for rate in options.rates:
        least = rate * sum(kind.share * kind.work for kind in kinds)
        last = rate == options.rates[-1]
        for site in sites_of(least, workers, queue, last=last):
            run = simulate(site, kinds, rate, options.requests / rate, options.seed)
            report.add(**(row := row_of(rate, site, run, least)))
            print(row, flush=True)
            if last and site == Site(round(least * ADVISED), workers, queue):
                answered = 1 - run.refused_share
                report.at_least(f"answered, at {ADVISED} times the least", answered, SERVED)
                quick = float(np.percentile(run.latencies.get(SMALL, [0.0]), 95))
                report.at_most("p95 of small holes there, s", quick, QUICK_S)
    report.write(options.out, lambda figure: draw(figure, report, queue))


if __name__ == "__main__":
    main()

"""Two nodes of a Ray cluster against one, in requests a second.

    python -m benchmarks.ray_nodes [--seconds 20] [--rounds 3] [--clients 8]

PNGs of 512x512 with scratches all over go through Ray Serve's proxy to one replica with one thread
on each node, without texture. Each node stays on a core of its own, so two cores are needed; the
first node's core also has Ray's proxy and what leads the cluster, and the clients take what they
need of both. The clusters are started one after the other, `--rounds` times; the ratio is the
median of the rounds' ratios. Needs the extra `ray`; no part of `make bench`.
"""

import asyncio
from statistics import median

from benchmarks.clients import body_of, closed, files_of
from benchmarks.options import parser_of
from benchmarks.report import Report
from benchmarks.throughput import SCRATCHES, requests
from tests.service.ray.cluster import nodes

SETTINGS = {"INPAINT_TEXTURE": "off", "INPAINT_PRECISION": "int8"}
WARM_UP_S = 3


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("ray_nodes", __doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    bodies = [body_of(files_of(requests()[SCRATCHES]))]
    report = Report(
        "ray_nodes",
        "Two nodes of a Ray cluster against one",
        "one node, in the same round",
        {
            "nodes": "Nodes",
            "rate": "Requests a second",
            "p50": "Median latency, s",
            "ratio": "Ratio",
        },
        ("nodes",),
        settings={"clients": options.clients, "rounds": options.rounds, **SETTINGS},
    )
    rates: dict[int, list[float]] = {1: [], 2: []}
    latencies: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for count in rates:
            with nodes(count, SETTINGS) as cluster:
                asyncio.run(closed(cluster.address, bodies, options.clients, WARM_UP_S))
                result = asyncio.run(
                    closed(cluster.address, bodies, options.clients, options.seconds)
                )
            if result.other or not result.answered:
                raise SystemExit(f"{result.other} requests failed")
            rates[count].append(result.throughput)
            latencies[count] += result.answered
    ratio = median(two / one for one, two in zip(rates[1], rates[2], strict=True))
    for count, share in ((1, 1.0), (2, ratio)):
        report.add(
            nodes=count, rate=median(rates[count]), p50=median(latencies[count]), ratio=share
        )
    report.write(options.out)


if __name__ == "__main__":
    main()

"""How a server holds up: throughput, latency and refusals at more and more load.

    python -m benchmarks.load [--seconds 15] [--engine onnx] [--side 512]

Starts a server of its own on this machine, asks it with 1 to 32 clients at once (each asks again as
soon as it is answered, and pauses as long as a refusal's `Retry-After` says, at most half a
second), then with requests that arrive at four times the best rate seen, whether or not earlier
ones have been answered. Ratios are against one client. The load comes from the same cores.
"""

import asyncio
import time
from typing import Any

import numpy as np

from benchmarks.clients import Body, Result, ask, body_of, closed, files_of, session
from benchmarks.options import parser_of
from benchmarks.photos import square_holes
from benchmarks.report import Report
from benchmarks.server import server_of

CLIENTS = (1, 2, 4, 8, 16, 32)
OVERLOAD = 4
LEAST_ARRIVALS = 100  # several times the places in the queue
SHARES = (50, 95, 99)
HELD, REFUSAL_MS = 0.9, 250  # the bars


async def open_loop(base: str, body: Body, rate: float, seconds: float) -> Result:
    """Requests that arrive at a rate, whether or not earlier ones have been answered."""
    result = Result(f"{OVERLOAD} x the best rate", seconds)
    async with session(base, connections=0) as client:
        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(max(LEAST_ARRIVALS, int(rate * seconds))):
                await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
                tasks.create_task(ask(client, body, result))
        result.seconds = time.perf_counter() - start
    return result


async def measure(base: str, body: Body, seconds: float) -> list[Result]:
    """Every load in turn."""
    results = []
    for clients in CLIENTS:
        results.append(await closed(base, [body], clients, seconds))
        print(f"{results[-1].name}: {results[-1].throughput:.2f} answers a second", flush=True)
    best = max(result.throughput for result in results)
    results.append(await open_loop(base, body, OVERLOAD * best, seconds))
    return results


def milliseconds(seconds: list[float], share: float) -> float | None:
    """A percentile, None of nothing."""
    return float(np.percentile(seconds, share)) * 1e3 if seconds else None


def fill_in(report: Report, results: list[Result]) -> None:
    """The rows, and what became of the throughput."""
    for result in results:
        report.add(
            load=result.name,
            throughput=result.throughput,
            **{f"p{share}_ms": milliseconds(result.answered, share) for share in SHARES},
            refused=len(result.refused),
            refusal_p99_ms=milliseconds(result.refused, 99),
            other=result.other,
            ratio=result.throughput / results[0].throughput,
        )
    best = max(result.throughput for result in results[:-1])
    held = results[-1].throughput / best
    report.at_least(f"throughput at {OVERLOAD} times the best rate, of the best", held, HELD)
    slowest = max(milliseconds(result.refused, 99) or 0.0 for result in results)
    report.at_most("99th percentile of refusals, ms", slowest, REFUSAL_MS)


def draw(figure: Any, results: list[Result]) -> None:
    """Throughput and latencies by the number of clients."""
    left, right = figure.subplots(1, 2)
    closed_loop = results[: len(CLIENTS)]
    left.plot(CLIENTS, [result.throughput for result in closed_loop], "o-", label="clients")
    left.axhline(results[-1].throughput, ls="--", color="C3", label=results[-1].name)
    left.set(xlabel="clients", ylabel="answers a second", xscale="log", ylim=(0, None))
    for share in SHARES:
        values = [np.percentile(r.answered, share) if r.answered else np.nan for r in closed_loop]
        right.plot(CLIENTS, values, "o-", label=f"p{share}")
    right.set(xlabel="clients", ylabel="seconds to an answer", xscale="log", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(CLIENTS, [str(clients) for clients in CLIENTS])
        axes.legend()


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("load", __doc__)
    parser.add_argument("--seconds", type=float, default=15, help="of every load")
    parser.add_argument("--engine", choices=("onnx", "dummy"), default="onnx")
    parser.add_argument("--side", type=int, default=512, help="of the photo, in pixels")
    options = parser.parse_args()
    report = Report(
        "load",
        f"A server under load: {options.side} x {options.side} PNG, engine {options.engine}",
        peer="the throughput of one client",
        columns={
            "load": "Load",
            "throughput": "Answers/s",
            **{f"p{share}_ms": f"p{share}, ms" for share in SHARES},
            "refused": "Refused",
            "refusal_p99_ms": "Refusal p99, ms",
            "other": "Other",
            "ratio": "Times one client",
        },
        labels=("load",),
        settings={"seconds of each load": options.seconds},
    )
    side, middle = options.side, options.side // 2
    body = body_of(files_of(square_holes(side, side, side // 8, (middle, middle))))
    with server_of(INPAINT_ENGINE=options.engine) as (base, _):
        results = asyncio.run(measure(base, body, options.seconds))
    fill_in(report, results)
    report.write(options.out, lambda figure: draw(figure, results))


if __name__ == "__main__":
    main()

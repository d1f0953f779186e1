"""Eight clients against a bare loop over `session.run`, in windows a second.

    python -m benchmarks.throughput [--seconds 10] [--rounds 5] [--clients 8]

A server of its own is asked for PNGs of 512x512 whose hole needs one window. The peer is a process
that does nothing but run the service's session on windows of the same size, as many threads, in
the batch that is fastest here. Both take turns, each idle while the other runs; the ratio is the
median of the rounds' ratios and its bar is 0.95.

The clients, decoding and encoding need processors that the bare loop has for itself, so the lane's
busy share stands beside the ratio: seconds that the server's runs took over the seconds that went
by. Processor time says who had the rest. Settings (INPAINT_MODEL, ...) apply.
"""

import argparse
import asyncio
import io
import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import httpx
import onnxruntime
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clients import Body, Result, body_of, closed, files_of
from benchmarks.options import parser_of
from benchmarks.pipelines import NO_LIMIT, encoding_of
from benchmarks.processes import conversing, cpu_seconds
from benchmarks.report import Report
from benchmarks.rounds import Times
from benchmarks.server import server_of
from benchmarks.sessions import feed, precision_of, service_session
from service.imaging.decoding import decode_photo
from service.imaging.encoding import encode
from service.imaging.masks import decode_mask
from service.inpainting import plan
from service.settings import Settings

SIDE = 512
HOLE_SIDE = 32  # shallow enough for one window
BATCHES = (1, 2, 4, 8)
TRIAL_S = 1.0  # for finding the best batch
CODEC_ROUNDS = 9
BAR = 0.95


@dataclass(frozen=True, slots=True)
class Turn:
    """What the server did in one turn.

    Attributes:
        result: As the clients saw it.
        windows: Predicted.
        busy_s: Seconds of its runs.
        server_cpu_s: Processor time of the server.
        clients_cpu_s: Processor time of the clients.
    """

    result: Result
    windows: float
    busy_s: float
    server_cpu_s: float
    clients_cpu_s: float


def loop(session: onnxruntime.InferenceSession, size: int, batch: int, seconds: float) -> float:
    """Windows a second of a bare loop."""
    given = feed(size, batch)
    session.run(None, given)
    runs = 0
    start = time.perf_counter()
    while time.perf_counter() < start + seconds:
        session.run(None, given)
        runs += 1
    return runs * batch / (time.perf_counter() - start)


def bare_process(orders: Connection, size: int) -> None:
    """Answer each number of seconds with (windows a second, processor seconds, batch)."""
    session = service_session()
    rates = {batch: loop(session, size, batch, TRIAL_S) for batch in BATCHES}
    best = max(rates, key=lambda batch: rates[batch])
    orders.send((best, precision_of(session)))
    while seconds := orders.recv():
        start = time.process_time()
        orders.send((loop(session, size, best, seconds), time.process_time() - start))


def counters(base: str) -> dict[str, float]:
    """Sums of the server's metrics over their labels."""
    text = httpx.get(f"{base}/metrics", trust_env=False).text
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def served(base: str, pid: int, body: Body, clients: int, seconds: float) -> Turn:
    """One turn of the server."""
    before, server, own = counters(base), cpu_seconds(pid), time.process_time()
    result = asyncio.run(closed(base, body, clients, seconds))
    own, server, after = time.process_time() - own, cpu_seconds(pid) - server, counters(base)
    if result.other or not result.answered:
        raise SystemExit(f"{result.other} requests failed, {len(result.answered)} were answered")

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    return Turn(
        result,
        windows=grown("inpaint_windows_total"),
        busy_s=grown("inpaint_run_duration_seconds_sum"),
        server_cpu_s=server,
        clients_cpu_s=own,
    )


def codec_seconds(files: dict[str, bytes], settings: Settings) -> float:
    """Processor seconds of decoding and encoding one request's files."""
    times = Times()

    def once() -> None:
        photo = decode_photo(io.BytesIO(files["image"]), NO_LIMIT)
        decode_mask(io.BytesIO(files["mask"]), NO_LIMIT)
        encode(photo, "png", encoding_of(settings))

    for _ in range(CODEC_ROUNDS):
        times.time(once)
    return times.cpu_s


def window_size(files: dict[str, bytes], settings: Settings) -> int:
    """The size of the one window that the service plans for these files."""
    hole = decode_mask(io.BytesIO(files["mask"]), NO_LIMIT)
    windows = plan(hole, settings.window_sizes).windows
    if len(windows) != 1:
        raise SystemExit(f"the hole needs {len(windows)} windows, and should need one")
    return windows[0].height


def measure(report: Report, options: argparse.Namespace) -> None:
    """Take turns and fill in the report."""
    settings = Settings()
    files = files_of(SIDE, HOLE_SIDE)
    body = body_of(files)
    size = window_size(files, settings)
    turns: list[tuple[Turn, float, float]] = []
    with conversing(bare_process, size) as orders, server_of() as (base, pid):
        batch, precision = orders.recv()
        asyncio.run(closed(base, body, options.clients, 1))  # warms every worker
        for _ in range(options.rounds):
            turn = served(base, pid, body, options.clients, options.seconds)
            orders.send(options.seconds)
            turns.append((turn, *orders.recv()))
            print(f"{turn.result.throughput:.2f} requests, {turns[-1][1]:.2f} windows a second")
        orders.send(0)
    report.settings |= {
        "window": size,
        "batch of the bare loop": batch,
        "precision": precision,
    }
    fill_in(report, turns, codec_seconds(files, settings))


def fill_in(report: Report, turns: list[tuple[Turn, float, float]], codecs_s: float) -> None:
    """The rows and the bar.

    Args:
        report: Where to.
        turns: A turn of the server, and the bare loop's windows a second and processor seconds
            in the turn behind it.
        codecs_s: Processor seconds of decoding and encoding one request.
    """
    seconds = [turn.result.seconds for turn, _, _ in turns]
    requests = [turn.result.throughput for turn, _, _ in turns]
    windows = [turn.windows / turn.result.seconds for turn, _, _ in turns]
    bare = [rate for _, rate, _ in turns]
    cpu_of_bare = sum(cpu for _, _, cpu in turns) / sum(bare) / report.settings["seconds"]
    answers = sum(len(turn.result.answered) for turn, _, _ in turns)
    cpu = {
        "server": sum(turn.server_cpu_s for turn, _, _ in turns) / answers,
        "  of which decoding and encoding": codecs_s,
        "clients": sum(turn.clients_cpu_s for turn, _, _ in turns) / answers,
    }
    reached = median(a / b for a, b in zip(requests, bare, strict=True))
    busy = median(turn.busy_s / s for (turn, _, _), s in zip(turns, seconds, strict=True))
    report.add(what="bare loop, windows a second", value=median(bare), ratio=1.0)
    report.add(what="server, requests a second", value=median(requests), ratio=reached)
    report.add(
        what="server, windows a second",
        value=median(windows),
        ratio=median(a / b for a, b in zip(windows, bare, strict=True)),
    )
    report.add(what="lane busy, share of the time", value=busy)
    report.add(what="bare loop, CPU s for a window", value=cpu_of_bare, ratio=1.0)
    for name, value in cpu.items():
        report.add(what=f"{name}, CPU s for a request", value=value, ratio=value / cpu_of_bare)
    report.at_least("requests a second over the bare loop", reached, BAR)


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("throughput", __doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of every turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    report = Report(
        "throughput",
        f"{options.clients} clients against a bare loop over session.run",
        peer="the bare loop",
        columns={"what": "What", "value": "Value", "ratio": "Over the bare loop"},
        labels=("what",),
        settings={"seconds": options.seconds, "rounds": options.rounds},
    )
    measure(report, options)
    report.notes.append(
        f"The server, its clients and their codecs share {os.cpu_count()} CPUs; the bare loop has "
        "them for itself."
    )
    report.write(options.out)


if __name__ == "__main__":
    main()

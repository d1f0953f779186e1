"""Eight clients against a bare loop over `session.run`, in windows a second.

    python -m benchmarks.throughput [--seconds 10] [--rounds 5] [--clients 8]

Two networks: the contract's, with random weights, and the model that the settings name. Two
requests: PNGs of 512x512 with a small hole, which one window of 128 pixels fills, and with
scratches all over, which one window of 512 fills. The peer of the server is a process that does
nothing but run the service's session on windows of the same size, as many threads, in the batch
that is fastest here. Both take turns, each idle while the other runs; the ratio is the median of
the rounds' ratios. Its bar is 0.95, for the contract's network on a whole picture.

The clients, decoding and encoding need processors that the bare loop has for itself; processor time
says who had how much. The server makes up for that by runs that overlap: how many there were at a
time is the seconds that they took over the seconds that went by.
"""

import argparse
import asyncio
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from unittest import mock

import httpx
import onnxruntime
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clients import Body, Result, body_of, closed, files_of
from benchmarks.contract_network import write_float32, write_int8
from benchmarks.options import parser_of
from benchmarks.photos import scratches, square_holes
from benchmarks.pipelines import NO_LIMIT, encoding_of
from benchmarks.processes import conversing, cpu_seconds
from benchmarks.report import Report
from benchmarks.rounds import Times
from benchmarks.server import server_of
from benchmarks.sessions import feed, precision_of, service_session
from service.arrays import Hole
from service.imaging.decoding import decode_photo
from service.imaging.encoding import encode
from service.imaging.masks import decode_mask
from service.inpainting import plan
from service.settings import Settings

SIDE = 512
SMALL, SCRATCHES = "small hole", "scratches"
CONTRACT = "contract"
BATCHES = (1, 2, 4, 8)
TRIAL_S = 1.0  # for finding the best batch
CODEC_ROUNDS = 9
BAR = 0.95


@dataclass(frozen=True, slots=True)
class Turn:
    """What the server and the bare loop did in one turn each.

    Attributes:
        result: As the clients saw it.
        windows: Predicted by the server.
        busy_s: Seconds of the server's runs.
        server_cpu_s: Processor time of the server.
        clients_cpu_s: Processor time of the clients.
        bare_rate: The bare loop's windows a second.
        bare_cpu_s: Processor time of the bare loop.
    """

    result: Result
    windows: float
    busy_s: float
    server_cpu_s: float
    clients_cpu_s: float
    bare_rate: float
    bare_cpu_s: float


def requests() -> dict[str, Hole]:
    """The holes that are asked for."""
    return {
        SMALL: square_holes(SIDE, SIDE, 32, (SIDE // 2, SIDE // 2)),
        SCRATCHES: scratches(SIDE),
    }


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
    """Answer each number of seconds with (windows a second, processor seconds)."""
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


def turn(base: str, pid: int, body: Body, bare: Connection, options: argparse.Namespace) -> Turn:
    """One turn of the server, and one of the bare loop."""
    before, server, own = counters(base), cpu_seconds(pid), time.process_time()
    result = asyncio.run(closed(base, [body], options.clients, options.seconds))
    own, server, after = time.process_time() - own, cpu_seconds(pid) - server, counters(base)
    if result.other or not result.answered:
        raise SystemExit(f"{result.other} requests failed, {len(result.answered)} were answered")
    bare.send(options.seconds)
    bare_rate, bare_cpu_s = bare.recv()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    return Turn(
        result,
        windows=grown("inpaint_windows_total"),
        busy_s=grown("inpaint_run_duration_seconds_sum"),
        server_cpu_s=server,
        clients_cpu_s=own,
        bare_rate=bare_rate,
        bare_cpu_s=bare_cpu_s,
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


def window_size(hole: Hole, settings: Settings) -> int:
    """The size of the one window that fills a hole."""
    windows = plan(hole, settings.window_sizes).windows
    if len(windows) != 1:
        raise SystemExit(f"the hole needs {len(windows)} windows, and should need one")
    return windows[0].height


@contextmanager
def networks() -> Iterator[dict[str, Path]]:
    """Model files by name."""
    with tempfile.TemporaryDirectory() as folder:
        contract = Path(folder, "contract.onnx")
        write_float32(contract)
        write_int8(contract, contract.with_suffix(".int8.onnx"))
        model = Settings().model
        yield {CONTRACT: contract, model.stem: model}


def measure(report: Report, network: str, options: argparse.Namespace) -> None:
    """Hold a server of the settings' model against bare loops, request by request."""
    settings = Settings()
    with server_of() as (base, pid):
        for request, hole in requests().items():
            files, size = files_of(hole), window_size(hole, settings)
            body = body_of(files)
            with conversing(bare_process, size) as bare:
                batch, precision = bare.recv()
                asyncio.run(closed(base, [body], options.clients, 1))  # warms every worker
                turns = [turn(base, pid, body, bare, options) for _ in range(options.rounds)]
                bare.send(0)
            reached = fill_in(
                report,
                turns,
                network=f"{network}, {precision}",
                request=request,
                window=size,
                batch=batch,
                codecs_ms=codec_seconds(files, settings) * 1e3,
            )
            if (network, request) == (CONTRACT, SCRATCHES):
                report.at_least(f"requests over the bare loop, {network}, {request}", reached, BAR)


def fill_in(report: Report, turns: list[Turn], **case: str | float) -> float:
    """Add a case's row; returns the ratio."""
    bare = [turn.bare_rate for turn in turns]
    served = [turn.result.throughput for turn in turns]
    answers = sum(len(turn.result.answered) for turn in turns)
    reached = median(a / b for a, b in zip(served, bare, strict=True))
    bare_windows = sum(turn.bare_rate for turn in turns) * report.settings["seconds"]
    report.add(
        **case,
        bare=median(bare),
        served=median(served),
        windows=sum(turn.windows for turn in turns) / answers,
        ratio=reached,
        busy=median(turn.busy_s / turn.result.seconds for turn in turns),
        bare_ms=1e3 * sum(turn.bare_cpu_s for turn in turns) / bare_windows,
        server_ms=1e3 * sum(turn.server_cpu_s for turn in turns) / answers,
        clients_ms=1e3 * sum(turn.clients_cpu_s for turn in turns) / answers,
    )
    print(f"{case}: {median(served):.2f} of {median(bare):.2f} a second")
    return reached


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
        columns={
            "network": "Network",
            "request": "Request",
            "window": "Window",
            "batch": "Batch of the bare loop",
            "bare": "Bare loop, windows/s",
            "served": "Server, requests/s",
            "ratio": "Over the bare loop",
            "windows": "Windows a request",
            "busy": "Runs at a time",
            "bare_ms": "Bare loop, CPU ms a window",
            "server_ms": "Server, CPU ms a request",
            "codecs_ms": "of which codecs",
            "clients_ms": "Clients, CPU ms a request",
        },
        labels=("network", "request"),
        settings={"seconds": options.seconds, "rounds": options.rounds},
    )
    with networks() as models:
        for name, model in models.items():
            with mock.patch.dict(os.environ, INPAINT_MODEL=str(model)):
                measure(report, name, options)
    report.notes.append(
        f"The server, its clients and their codecs share {os.cpu_count()} CPUs; the bare loop has "
        "them for itself."
    )
    report.write(options.out)


if __name__ == "__main__":
    main()

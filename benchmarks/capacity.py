"""What one replica does: answers a second and memory by class of request, with texture or without.

    python -m benchmarks.capacity [--seconds 10] [--rounds 1]

Starts a server of its own on this machine and asks it over HTTP: first by one client, for the time
of a request that is alone, then by as many clients as the server has workers, each of which asks
again as soon as it is answered, for what a replica gives that is kept busy. At the end a mix of all
classes comes at random, at 0.7 of what those figures say it can do, for a look at whether they hold
together. Ratios are answers a
second over those with `texture=off`. The clients share the processors with the server, so a replica
that has them for itself does a little better. `python -m benchmarks.simulate_replicas` reads what
this writes. Settings (INPAINT_MODEL, INPAINT_WORKERS, ...) apply as to the server.
"""

import argparse
import asyncio
import random
import time
from dataclasses import dataclass
from statistics import median

import httpx
import numpy as np

from benchmarks.clients import TIMEOUT_S, Body, Result, ask, body_of, closed, session
from benchmarks.files import file_of
from benchmarks.options import parser_of
from benchmarks.photos import camera_photo, square_holes
from benchmarks.processes import MEBIBYTE, cpu_seconds, memory, reset_peak
from benchmarks.report import Report
from benchmarks.server import server_of
from benchmarks.whole_request import request_files
from service.arrays import Hole
from service.settings import Settings

NAME = "capacity"
TEXTURES = ("off", "on")
MIXED, AT, SEED = "the mix", 0.7, 0
SMALL, SCRATCHES, OBJECT, LARGE = "small hole", "scratches", "object", "12 MP"
MIX = {SMALL: 70.0, SCRATCHES: 20.0, OBJECT: 8.0, LARGE: 2.0}  # percent
ALONE = 0.4  # part of the seconds for the client that is alone


@dataclass(frozen=True, slots=True)
class Case:
    """What was measured of one class of requests.

    Attributes:
        alone: As the only client saw it.
        busy: As the clients saw it that kept the server busy.
        cpu_s: Processor time of the server while it was busy.
        clients_cpu_s: Processor time of the clients meanwhile.
        peak: Bytes that the server had at most.
        sent: Bytes of a request.
        received: Bytes of its answer.
    """

    alone: Result
    busy: Result
    cpu_s: float
    clients_cpu_s: float
    peak: int
    sent: int
    received: int


def scratches(height: int, width: int) -> Hole:
    """Lines two pixels high all over; (H, W) bool, True is hole."""
    hole = np.zeros((height, width), np.bool_)
    hole[40::80] = hole[41::80] = True
    return hole


def requests() -> dict[str, dict[str, bytes]]:
    """Photo and mask of every class."""
    holes = {
        SMALL: square_holes(512, 512, 64, (224, 224)),
        SCRATCHES: scratches(512, 512),
        OBJECT: square_holes(800, 1200, 240, (280, 480)),
    }
    files = {
        name: {
            "image": file_of(camera_photo(*hole.shape), "JPEG", quality=95),
            "mask": file_of(hole, "PNG"),
        }
        for name, hole in holes.items()
    }
    photo, mask = request_files()
    return files | {LARGE: {"image": photo, "mask": mask}}


def measure(base: str, pid: int, body: Body, workers: int, seconds: float) -> Case:
    """One class: alone, then busy."""
    asyncio.run(closed(base, [body], workers, 0.1))  # every worker has done it once
    one = httpx.post(
        f"{base}/inpaint", content=body.content, headers=body.headers, timeout=TIMEOUT_S
    )
    alone = asyncio.run(closed(base, [body], 1, ALONE * seconds))
    reset_peak(pid)
    server, own = cpu_seconds(pid), time.process_time()
    busy = asyncio.run(closed(base, [body], workers, seconds))
    own, server = time.process_time() - own, cpu_seconds(pid) - server
    for result in (alone, busy):
        if result.other or result.refused or not result.answered:
            raise SystemExit(
                f"{len(result.answered)} answered, {len(result.refused)} refused, "
                f"{result.other} failed: nothing can be said of this"
            )
    peak, sizes = memory("VmHWM", pid), (len(body.content), len(one.content))
    return Case(alone, busy, server, own, peak, *sizes)


async def arrivals(base: str, bodies: dict[str, Body], rate: float, seconds: float) -> Result:
    """The mix, at random moments (Poisson), whether or not earlier requests were answered."""
    draw, result = random.Random(SEED), Result(MIXED, seconds)
    async with session(base, connections=0) as client, asyncio.TaskGroup() as tasks:
        start = time.perf_counter()
        moment = draw.expovariate(rate)
        while moment < seconds:
            await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
            (name,) = draw.choices(list(MIX), list(MIX.values()))
            tasks.create_task(ask(client, bodies[name], result))
            moment += draw.expovariate(rate)
    return result


def fill_in_the_mix(report: Report, base: str, rates: dict[str, float], seconds: float) -> None:
    """Add a row of the mix at a part of what the classes by themselves say it should reach."""
    bodies = {name: body_of(files, texture="on") for name, files in requests().items()}
    rate = AT * sum(MIX.values()) / sum(share / rates[name] for name, share in MIX.items())
    result = asyncio.run(arrivals(base, bodies, rate, seconds))
    report.settings |= {"rate of the mix": rate, "refused of the mix": len(result.refused)}
    report.add(
        request=MIXED,
        texture="on",
        rate=result.throughput,
        p50_ms=1e3 * float(np.percentile(result.answered, 50)),
        p95_ms=1e3 * float(np.percentile(result.answered, 95)),
    )


def fill_in(report: Report, name: str, texture: str, cases: list[Case], off: float) -> float:
    """Add a row; returns the answers a second."""
    busy = [case.busy for case in cases]
    rate = median(result.throughput for result in busy)
    answers = sum(len(result.answered) for result in busy)
    latencies = [one for result in busy for one in result.answered]
    report.add(
        request=name,
        texture=texture,
        rate=rate,
        alone_ms=1e3 * median(one for case in cases for one in case.alone.answered),
        p50_ms=1e3 * float(np.percentile(latencies, 50)),
        p95_ms=1e3 * float(np.percentile(latencies, 95)),
        cpu_ms=1e3 * sum(case.cpu_s for case in cases) / answers,
        clients_ms=1e3 * sum(case.clients_cpu_s for case in cases) / answers,
        sent_kib=cases[0].sent / 1024,
        received_kib=cases[0].received / 1024,
        peak_mib=max(case.peak for case in cases) / MEBIBYTE,
        ratio=rate / (off or rate),
    )
    print(f"{name}, texture {texture}: {rate:.2f} answers a second", flush=True)
    return rate


def report_of(options: argparse.Namespace, workers: int) -> Report:
    """A report without rows."""
    return Report(
        NAME,
        f"One replica, kept busy by {workers} clients",
        peer="the answers a second with `texture=off`",
        columns={
            "request": "Request",
            "texture": "Texture",
            "rate": "Answers/s",
            "alone_ms": "Alone, ms",
            "p50_ms": "Busy p50, ms",
            "p95_ms": "Busy p95, ms",
            "cpu_ms": "Server, CPU ms each",
            "clients_ms": "Clients, CPU ms each",
            "sent_kib": "Sent, KiB",
            "received_kib": "Received, KiB",
            "peak_mib": "Peak, MiB",
            "ratio": "Over texture=off",
        },
        labels=("request", "texture"),
        settings={"seconds": options.seconds, "rounds": options.rounds, "workers": workers},
    )


def main() -> None:
    """Measure and write the report."""
    parser = parser_of(NAME, __doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of every class, kept busy")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--mix-seconds", type=float, default=60, help="of the mix (0: without it)")
    options = parser.parse_args()
    workers = Settings().worker_count
    report = report_of(options, workers)
    with server_of() as (base, pid):
        report.settings["MiB at rest"] = round(memory("VmRSS", pid) / MEBIBYTE)
        rates = {}
        for name, files in requests().items():
            off = 0.0
            for texture in TEXTURES:
                body = body_of(files, texture=texture)
                cases = [
                    measure(base, pid, body, workers, options.seconds)
                    for _ in range(options.rounds)
                ]
                rate = fill_in(report, name, texture, cases, off)
                off = off or rate
            rates[name] = rate
        if options.mix_seconds:
            fill_in_the_mix(report, base, rates, options.mix_seconds)
    report.write(options.out)


if __name__ == "__main__":
    main()

"""How a server holds up: throughput, latency and refusals at more and more load.

    python -m benchmarks.load [--seconds 15] [--engine onnx] [--side 512]

Starts a server of its own on this machine, asks it with 1 to 32 clients at once (each asks again as
soon as it is answered, and pauses as long as a refusal's `Retry-After` says, at most `PAUSE_S`),
then with requests that arrive at four times the best rate seen, whether or not earlier ones have
been answered. Writes `load.md` and `load.png` beside this file. The load comes from the same cores.
"""

import argparse
import asyncio
import io
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

CLIENTS = (1, 2, 4, 8, 16, 32)
OVERLOAD = 4
LEAST_ARRIVALS = 100  # several times the places in the queue
PAUSE_S = 0.5
TIMEOUT_S = 300
HERE = Path(__file__).parent


@dataclass(slots=True)
class Result:
    """What one load gave. Latencies in seconds."""

    name: str
    seconds: float
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    other: int = 0

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.answered) / self.seconds

    def note(self, status: int, latency: float) -> None:
        """Count one response."""
        if status == 200:
            self.answered.append(latency)
        elif status in (429, 503):
            self.refused.append(latency)
        else:
            self.other += 1

    def row(self) -> str:
        """A row of the table."""
        latencies = " | ".join(milliseconds(self.answered, share) for share in (50, 95, 99))
        return (
            f"| {self.name} | {self.throughput:.2f} | {latencies} | {len(self.refused)} | "
            f"{milliseconds(self.refused, 99)} | {self.other} |"
        )


def milliseconds(seconds: list[float], share: float) -> str:
    """A percentile as text."""
    return f"{np.percentile(seconds, share) * 1e3:.0f}" if seconds else "-"


def form(side: int) -> dict[str, bytes]:
    """A photo-like PNG and a mask with one hole of an eighth of its side."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
    photo = coarse.resize((side, side), Image.Resampling.BICUBIC)
    mask = np.zeros((side, side), np.uint8)
    mask[side // 2 :, side // 2 :][: side // 8, : side // 8] = 255
    return {"image": _png(photo), "mask": _png(Image.fromarray(mask))}


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


async def ask(client: httpx.AsyncClient, files: dict[str, bytes], result: Result) -> float:
    """One request; returns how long its sender should pause."""
    start = time.perf_counter()
    response = await client.post("/inpaint", files=files)
    result.note(response.status_code, time.perf_counter() - start)
    return min(PAUSE_S, float(response.headers.get("retry-after", 0)))


async def closed(base: str, files: dict[str, bytes], clients: int, seconds: float) -> Result:
    """A number of clients, each of which waits for its answer before it asks again."""
    result = Result(f"{clients} clients", seconds)
    until = time.perf_counter() + seconds

    async def one() -> None:
        async with httpx.AsyncClient(base_url=base, timeout=TIMEOUT_S, trust_env=False) as client:
            while time.perf_counter() < until:
                await asyncio.sleep(await ask(client, files, result))

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    result.seconds = time.perf_counter() - start
    return result


async def open_loop(base: str, files: dict[str, bytes], rate: float, seconds: float) -> Result:
    """Requests that arrive at a rate, whether or not earlier ones have been answered."""
    result = Result(f"{OVERLOAD} x the best rate", seconds)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    async with httpx.AsyncClient(
        base_url=base, timeout=TIMEOUT_S, limits=limits, trust_env=False
    ) as client:
        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(max(LEAST_ARRIVALS, int(rate * seconds))):
                await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
                tasks.create_task(ask(client, files, result))
        result.seconds = time.perf_counter() - start
    return result


async def measure(base: str, files: dict[str, bytes], seconds: float) -> list[Result]:
    """Every load in turn."""
    results = []
    for clients in CLIENTS:
        results.append(await closed(base, files, clients, seconds))
        print(results[-1].row(), flush=True)
    best = max(result.throughput for result in results)
    results.append(await open_loop(base, files, OVERLOAD * best, seconds))
    print(results[-1].row(), flush=True)
    return results


def start_server(engine: str) -> tuple[subprocess.Popen[str], str]:
    """A server process and its address, once it is ready."""
    settings = {"INPAINT_ENGINE": engine, "INPAINT_PORT": "0", "INPAINT_DRAIN_DELAY_S": "0"}
    server = subprocess.Popen(
        [sys.executable, "-m", "service"],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    base = ""
    ready = False
    for line in server.stdout:
        if found := re.search(r"running on (http://[\d.:]+)", line):
            base = found[1]
        ready = ready or '"message": "ready"' in line
        if base and ready:
            # Nobody reads the log, but somebody must, or the server waits for room in the pipe.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return server, base
    raise SystemExit("the server ended before it was ready")


def write_report(results: list[Result], title: str) -> None:
    """The table and the picture."""
    best = max(result.throughput for result in results[:-1])
    overload = results[-1]
    lines = [
        f"# {title}",
        "",
        "| Load | Answers/s | p50 ms | p95 ms | p99 ms | Refused | Refusal p99 ms | Other |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(result.row() for result in results),
        "",
        f"At {OVERLOAD} times the best rate the throughput is "
        f"{overload.throughput / best:.0%} of the best.",
    ]
    (HERE / "load.md").write_text("\n".join(lines) + "\n")
    draw(results, title)


def draw(results: list[Result], title: str) -> None:
    """Throughput and latencies by the number of clients."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    closed_loop = results[: len(CLIENTS)]
    left.plot(CLIENTS, [result.throughput for result in closed_loop], "o-", label="clients")
    left.axhline(results[-1].throughput, ls="--", color="C3", label=results[-1].name)
    left.set(xlabel="clients", ylabel="answers a second", xscale="log", ylim=(0, None))
    for share in (50, 95, 99):
        values = [np.percentile(r.answered, share) if r.answered else np.nan for r in closed_loop]
        right.plot(CLIENTS, values, "o-", label=f"p{share}")
    right.set(xlabel="clients", ylabel="seconds to an answer", xscale="log", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(CLIENTS, [str(clients) for clients in CLIENTS])
        axes.legend()
    figure.suptitle(title)
    figure.savefig(HERE / "load.png", dpi=100)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=15, help="of every load")
    parser.add_argument("--engine", choices=("onnx", "dummy"), default="onnx")
    parser.add_argument("--side", type=int, default=512, help="of the photo, in pixels")
    options = parser.parse_args()
    server, base = start_server(options.engine)
    try:
        results = asyncio.run(measure(base, form(options.side), options.seconds))
    finally:
        server.terminate()
        server.communicate()
    cpus = os.cpu_count()
    side = options.side
    write_report(results, f"{side} x {side} PNG, engine {options.engine}, {cpus} CPUs")


if __name__ == "__main__":
    main()

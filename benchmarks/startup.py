"""From `python -m service` to the first 200 of /health/ready, and the memory it then rests at.

    python -m benchmarks.startup [--rounds 7]

The peer is a Python that imports ONNX Runtime and FastAPI and ends: the floor of any service made
of them. Both in turn, each a process of its own; medians, and the median of the rounds' ratios.
Bars: ready within 5 s, under 600 MB at rest. Settings (INPAINT_MODEL, ...) apply. Linux only
(/proc).
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

from benchmarks.options import parser_of
from benchmarks.processes import memory
from benchmarks.report import Report
from benchmarks.rounds import ratio

PEER = "import onnxruntime, fastapi"
POLL_S = 0.02
REST_S = 1.0  # until a server that has become ready is taken to be at rest
PATIENCE_S = 120
MEGABYTE = 1e6
READY_BAR_S = 5.0
MEMORY_BAR_MB = 600.0


@dataclass(slots=True)
class Start:
    """One start: seconds, and memory in megabytes (of the peer: its peak)."""

    seconds: float
    megabytes: float
    precision: str = ""


def start_service() -> Start:
    """Start a server, wait until it is ready and at rest, stop it."""
    port = free_port()
    own = {"INPAINT_PORT": str(port), "INPAINT_HOST": "127.0.0.1", "INPAINT_DRAIN_DELAY_S": "0"}
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "service"], env=os.environ | own, stdout=subprocess.DEVNULL
    )
    try:
        while get(port, "/health/ready")[0] != 200:
            if server.poll() is not None or time.perf_counter() > start + PATIENCE_S:
                raise SystemExit("the server did not become ready")
            time.sleep(POLL_S)
        seconds = time.perf_counter() - start
        time.sleep(REST_S)
        resident = memory("VmRSS", server.pid) / MEGABYTE
        precision = json.loads(get(port, "/model")[1])["precision"]
    finally:
        server.terminate()
        server.wait()
    return Start(seconds, resident, precision)


def start_peer() -> Start:
    """Run the peer to its end."""
    start = time.perf_counter()
    peer = subprocess.Popen([sys.executable, "-c", PEER])
    _, status, usage = os.wait4(peer.pid, 0)
    peer.returncode = os.waitstatus_to_exitcode(status)
    if peer.returncode:
        raise SystemExit(f"python -c {PEER!r} ended with {peer.returncode}")
    return Start(time.perf_counter() - start, usage.ru_maxrss * 1024 / MEGABYTE)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of an answer; status 0 where nobody listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionRefusedError:
        return 0, b""
    finally:
        connection.close()


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("startup", __doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    report = Report(
        "startup",
        "From exec to ready, and memory at rest",
        peer=f"python -c '{PEER}'",
        columns={
            "what": "What",
            "service": "Service",
            "peer": "Peer",
            "ratio": "Service over peer",
        },
        labels=("what",),
    )
    start_peer(), start_service()  # the first of each reads its files from the disk
    rounds = [(start_service(), start_peer()) for _ in range(options.rounds)]
    report.settings = {"rounds": options.rounds, "precision": rounds[0][0].precision}
    seconds = [[start.seconds for start in side] for side in zip(*rounds, strict=True)]
    sizes = [[start.megabytes for start in side] for side in zip(*rounds, strict=True)]
    for what, (service, peer) in (("seconds to ready", seconds), ("resident, MB", sizes)):
        report.add(
            what=what, service=median(service), peer=median(peer), ratio=ratio(service, peer)
        )
    report.at_most("seconds to ready", median(seconds[0]), READY_BAR_S)
    report.at_most("resident at rest, MB", median(sizes[0]), MEMORY_BAR_MB)
    report.write(options.out)


if __name__ == "__main__":
    main()

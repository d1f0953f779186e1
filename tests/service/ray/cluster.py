"""A Ray cluster in a process of its own: `tests.service.ray.nodes`."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE_S = 600  # of a busy machine, on which Ray starts slowly

RAY = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # of its own accord Ray makes workers nicer than the rest
    # The one proxy would fill the replica on its own node before it looks further.
    "RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING": "0",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "60",
}


class Nodes:
    """A cluster that serves, at `address`."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.address = address
        self._process = process

    def expect(self, word: str) -> None:
        """Wait until the process says a word; Ray says others between."""
        assert self._process.stdout is not None
        said = (line.strip() for line in self._process.stdout)
        assert word in said, f"the cluster ended before it was {word}"

    def kill_one(self) -> None:
        """Kill all processes of a node."""
        assert self._process.stdin is not None
        self._process.stdin.write("kill\n")
        self._process.stdin.flush()
        self.expect("killed")


@contextmanager
def nodes(count: int, settings: Mapping[str, str]) -> Iterator[Nodes]:
    """A cluster of so many nodes of one core, one replica on each."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.ray.nodes", str(port), str(count)],
        cwd=ROOT,
        env=os.environ | RAY | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            cluster = Nodes(process, f"http://127.0.0.1:{port}")
            cluster.expect("ready")
            yield cluster
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(PATIENCE_S)

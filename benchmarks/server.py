"""A server process on this machine, for benchmarks that ask one over HTTP."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server_of(**settings: str) -> Iterator[tuple[str, int]]:
    """A server that is ready: its address and its process. It is stopped at the end of the block.

    Args:
        settings: Environment variables beside those there are; the port and the delay at the
            server's end are set here.

    Raises:
        SystemExit: it ended before it was ready.
    """
    own = {"INPAINT_PORT": "0", "INPAINT_DRAIN_DELAY_S": "0", "INPAINT_LOG_FORMAT": "json"}
    server = subprocess.Popen(
        [sys.executable, "-m", "service"],
        env=os.environ | own | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _address(server), server.pid
    finally:
        server.terminate()
        server.wait()


def _address(server: subprocess.Popen[str]) -> str:
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
            return base
    raise SystemExit("the server ended before it was ready")

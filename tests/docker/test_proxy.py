"""docker/haproxy.cfg for real: three servers, one of which is stopped under load."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.long

REPLICAS = 3
START_S = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def png(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {START_S} s: {what}"
        time.sleep(0.1)


def is_ok(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def running(command: list[str], **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def configuration(root: Path, port: int, server_ports: list[int]) -> str:
    """The file as it ships, with addresses of this machine in place of Docker's names."""
    text = (root / "docker" / "haproxy.cfg").read_text().replace(":8080", f"127.0.0.1:{port}")
    servers = "\n".join(
        f"    server replica{number} 127.0.0.1:{server_port} check"
        for number, server_port in enumerate(server_ports)
    )
    text, replaced = re.subn(r"^ *server-template .*$", servers, text, flags=re.MULTILINE)
    assert replaced == 1
    return re.sub(r"^resolvers docker\n( .*\n)+", "", text, flags=re.MULTILINE)


def test_a_stopping_replica_loses_no_request(root: Path, tmp_path: Path) -> None:
    haproxy = shutil.which("haproxy")
    if haproxy is None:
        pytest.skip("haproxy is not installed")
    port, *server_ports = (free_port() for _ in range(1 + REPLICAS))
    config = tmp_path / "haproxy.cfg"
    config.write_text(configuration(root, port, server_ports))
    photo = np.full((64, 64, 3), 90, np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 255
    files = {"image": png(photo), "mask": png(mask)}

    with ExitStack() as stack:
        serve = [sys.executable, "-m", "service", "serve"]
        servers = [
            stack.enter_context(
                running(serve, INPAINT_PORT=str(server_port), INPAINT_ENGINE="dummy")
            )
            for server_port in server_ports
        ]
        for server_port in server_ports:
            ready = f"http://127.0.0.1:{server_port}/health/ready"
            wait_for(lambda url=ready: is_ok(url), f"{ready} answers 200")
        stack.enter_context(running([haproxy, "-db", "-f", str(config)]))
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_ok(f"{address}/health/ready"), "the proxy finds a replica")

        def ask(_: int) -> int:
            answer = httpx.post(f"{address}/inpaint", files=files, timeout=60)
            # What a replica says to a request that comes after its SIGTERM and before the
            # proxy's next look at its readiness: another try will find another replica.
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.headers["Content-Type"] == "application/problem+json"
            return answer.status_code

        def ask_as_a_job(_: int) -> int:
            headers = {"Prefer": "respond-async"}
            made = httpx.post(f"{address}/inpaint", files=files, headers=headers, timeout=60)
            job = address + made.headers["Location"]
            while (answer := httpx.get(f"{job}/result")).status_code == 409:
                pass
            return answer.status_code

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(ask_as_a_job, range(12))) == {200}
            before = list(pool.map(ask, range(20)))
            servers[0].send_signal(signal.SIGTERM)
            during = []
            while servers[0].poll() is None:
                during += pool.map(ask, range(8))
            after = list(pool.map(ask, range(20)))
        assert set(before) | set(after) == {200}
        assert set(during) <= {200, 503}
        assert during[-1] == 200
        assert servers[0].returncode == 0
        assert httpx.get(f"{address}/metrics").status_code == 404

"""The server as a process: start, failures to start, and stops."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from service.__main__ import COMMANDS
from service.commands import serve
from tests.service.engine.onnx_models import write_inverting_model
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import wait_for, wait_until_ready

PATIENCE_S = 60
COMMAND = [sys.executable, "-W", "error", "-m", "service"]


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with exactly the given settings of the service."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("INPAINT_")}
    return others | {f"INPAINT_{name.upper()}": value for name, value in settings.items()}


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Output(threading.Thread):
    """Reads what a process prints as it comes, so that the process never waits for a reader."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        assert server.stdout is not None
        self._stream = server.stdout
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.lines.append(line)

    def address(self) -> str | None:
        """Where the server listens, once it has said so."""
        found = re.search(r"running on (http://[\d.:]+)", "".join(self.lines))
        return found[1] if found else None


@contextmanager
def process(**settings: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client, Output]]:
    """A server process that is ready, a client of it, and what it prints."""
    values = {"engine": "dummy", "port": "0", "drain_delay_s": "0.3"} | settings
    server = subprocess.Popen(
        COMMAND,
        env=environment(**values),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = Output(server)
    try:
        wait_for(lambda: output.address() or not output.is_alive())
        base = output.address()
        assert base, f"the server ended before it listened: {output.lines}"
        with httpx.Client(base_url=base, timeout=PATIENCE_S, trust_env=False) as client:
            wait_until_ready(client)
            yield server, client, output
    finally:
        server.kill()
        server.wait()
        output.join()
        assert server.stdout is not None
        server.stdout.close()


FILES = {"image": file_of(noise(900, 900)), "mask": mask_file(box_hole(900, 900))}


def test_help_lists_commands_and_settings():
    result = run("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", result.stdout, re.MULTILINE)
    assert "INPAINT_MAX_PIXELS" in result.stdout
    assert "[50000000]" in result.stdout


@pytest.mark.parametrize("command", ["serve", "health", "openapi"])
def test_each_command_has_its_own_help(command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert f"python -m service {command}" in result.stdout


def test_an_unknown_command_is_named():
    result = run("surf")
    assert result.returncode == 2
    assert "'surf'" in result.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": "many"}, "port: input should be a valid integer"),
        ({"window_sizes": ""}, "window_sizes"),
        ({"root_path": "inpainting"}, "must start with a slash"),
        ({"provider": "tpu"}, "provider"),
        ({"api_keys_file": "/nowhere/keys"}, "/nowhere/keys cannot be read"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, words):
    result = run(**({"engine": "dummy"} | settings))
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("kept", [0, 11, -9], ids=["empty", "the beginning", "all but the end"])
def test_a_corrupt_model_ends_the_start_in_words(tmp_path, kept):
    model = tmp_path / "corrupt.onnx"
    model.write_bytes(write_inverting_model(model).read_bytes()[:kept])
    result = run(model=str(model), provider="cpu", port="0")
    assert result.returncode == 3
    assert "running on" not in result.stdout  # nobody was ever told that it is ready
    assert "corrupt.onnx cannot be loaded" in result.stderr
    assert "Traceback" not in result.stderr


def test_cuda_that_cannot_be_used_ends_the_start_in_words(tmp_path):
    result = run(model=str(tmp_path / "missing.onnx"), provider="cuda", port="0")
    assert result.returncode == 3
    assert "cannot serve" in result.stderr


def test_health_tells_a_ready_server_from_none():
    with process() as (_, client, *_):
        url = str(client.base_url)
        assert run("health", "--url", url).returncode == 0
        assert run("health", "--live", "--url", url).returncode == 0
        port = str(client.base_url.port)
        assert run("health", port=port, host="0.0.0.0").returncode == 0
    result = run("health", "--url", url)
    assert result.returncode == 1
    assert "does not answer" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean(number):
    with process() as (server, *_):
        server.send_signal(number)
        assert server.wait(PATIENCE_S) == 0


def test_a_second_signal_closes_at_once():
    with process(drain_delay_s="1000") as (server, client, _):
        server.terminate()
        wait_for(lambda: client.get("/health/ready").status_code == 503)
        server.terminate()
        assert server.wait(PATIENCE_S) == 0


def test_readiness_turns_before_the_listeners_close():
    with process(drain_delay_s="1000") as (server, client, _):
        server.terminate()
        wait_for(lambda: client.get("/health/ready").status_code == 503)
        refused = client.post("/inpaint", files=FILES)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        server.terminate()
        assert server.wait(PATIENCE_S) == 0


def test_no_accepted_request_is_lost_at_sigterm_under_load():
    """Clients that keep asking see answers, then refusals, then a closed door.

    A connection may break at the door, before the server has read of it. So what the server says it
    took is held against what the clients got.
    """
    with process(workers="2", queue_size="100") as (server, client, output):
        answered = threading.Semaphore(0)

        def ask_until_closed() -> list[int]:
            statuses = []
            with httpx.Client(base_url=client.base_url, timeout=PATIENCE_S, trust_env=False) as own:
                while True:
                    try:
                        response = own.post("/inpaint", files=FILES)
                    except httpx.TransportError:
                        return statuses
                    statuses.append(response.status_code)
                    answered.release()

        with ThreadPoolExecutor(6) as pool:
            asking = [pool.submit(ask_until_closed) for _ in range(6)]
            for _ in range(6):
                assert answered.acquire(timeout=PATIENCE_S)
            server.terminate()
            statuses = [request.result(PATIENCE_S) for request in asking]
        assert server.wait(PATIENCE_S) == 0
        output.join(PATIENCE_S)
        taken = [line for line in output.lines if '"path": "/inpaint"' in line]
    for seen in statuses:
        assert set(seen) <= {200, 503}
        assert seen == sorted(seen)
    assert any(200 in seen for seen in statuses)
    assert len(taken) == sum(map(len, statuses))


def test_a_stop_waits_for_jobs_and_listens_until_their_results_are_fetched():
    asynchronous = {"Prefer": "respond-async"}
    large = {"image": file_of(noise(2500, 2500)), "mask": mask_file(box_hole(2500, 2500))}
    with process(workers="1", drain_delay_s="2") as (server, client, _):
        made = client.post("/inpaint", files=large, headers=asynchronous)
        assert made.status_code == 202
        location = made.headers["location"]
        server.terminate()
        wait_for(lambda: client.get("/health/ready").status_code == 503)
        assert client.post("/inpaint", files=FILES, headers=asynchronous).status_code == 503
        wait_for(lambda: client.get(location).json()["state"] == "done")
        assert client.get(f"{location}/result").status_code == 200
        server.terminate()  # no need to wait for others
        assert server.wait(PATIENCE_S) == 0


def test_options_override_the_environment_with_any_value(monkeypatch):
    served = []
    monkeypatch.setenv("INPAINT_PORT", "8000")
    monkeypatch.setattr(serve, "_serve", lambda settings: served.append(settings) or 0)
    monkeypatch.setattr(serve, "configure_logging", lambda *_: None)
    monkeypatch.setattr(serve, "tune_allocator", lambda: True)
    assert serve.main(["--host", "::1", "--port", "0"]) == 0
    assert (served[0].host, served[0].port) == ("::1", 0)

"""Processes: their memory and processor time (Linux only, /proc), and talking to one's own."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

MEBIBYTE = 2**20


def memory(field: str, pid: int | None = None) -> int:
    """A field of a process's status in bytes (VmRSS: now, VmHWM: the peak); this one's without pid.

    Raises:
        SystemExit: there is no such field.
    """
    status = Path("/proc", str(pid or "self"), "status")
    for line in status.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"no {field} in {status}")


def reset_peak(pid: int | None = None) -> None:
    """Let VmHWM of a process (this one without pid) start again from what it uses now."""
    Path("/proc", str(pid or "self"), "clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, all threads together."""
    # The name in parentheses may hold spaces; what follows it does not.
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def conversing(target: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """A new process that runs `target(connection, *arguments)`, and the other end to talk to it.

    The target has to return, or the connection to fail it, once the block ends.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join()

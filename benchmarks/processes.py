"""What the system knows of a process: its memory and its processor time. Linux only (/proc)."""

import os
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


def reset_peak() -> None:
    """Let VmHWM of this process start again from what it uses now."""
    Path("/proc/self/clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, all threads together."""
    # The name in parentheses may hold spaces; what follows it does not.
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

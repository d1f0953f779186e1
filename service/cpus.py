"""How many CPUs this process may really use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_cpus(cgroup: Path = CGROUP) -> int:
    """CPUs granted by affinity and by the control group's quota, at least 1.

    A container with a quota of 2 on a 64-core host sees 64 cores; computing with 64 threads there
    makes the scheduler throttle every one of them.
    """
    granted = float(_affinity())
    quota = _quota_v2(cgroup) or _quota_v1(cgroup)
    if quota is not None:
        granted = min(granted, quota)
    return max(1, math.ceil(granted))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota_v2(cgroup: Path) -> float | None:
    words = _words(cgroup / "cpu.max")
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(cgroup: Path) -> float | None:
    quota = _words(cgroup / "cpu" / "cpu.cfs_quota_us")
    period = _words(cgroup / "cpu" / "cpu.cfs_period_us")
    if not quota or not period or int(quota[0]) <= 0:
        return None
    return int(quota[0]) / int(period[0])


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []

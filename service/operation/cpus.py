"""How many CPUs this process may really use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_cpus(cgroup: Path = CGROUP, membership: Path = MEMBERSHIP) -> int:
    """CPUs granted by affinity and by the quotas of the control groups, at least 1.

    A container with a quota of 2 on a 64-core host sees 64 cores; computing with 64 threads there
    makes the scheduler throttle every one of them. A quota holds for all groups below it: a
    container's is at the root that it sees, a systemd service's further down.

    Args:
        cgroup: Where control groups are mounted (version 2, or `cpu` of version 1 below).
        membership: The file that names this process's group in each hierarchy.
    """
    quotas = [_quota_v2(folder) for folder in _groups(cgroup, membership, "")]
    quotas += [_quota_v1(folder) for folder in _groups(cgroup / "cpu", membership, "cpu")]
    granted = min([float(_affinity()), *(quota for quota in quotas if quota is not None)])
    return max(1, math.ceil(granted))


def _groups(mount: Path, membership: Path, controller: str) -> list[Path]:
    """The folders of this process's control group and of those above it, as far as they show."""
    lines = membership.read_text().splitlines() if membership.is_file() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            group = mount / path.lstrip("/")
            return [group, *(above for above in group.parents if above.is_relative_to(mount))]
    return [mount]


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
    quota = _words(cgroup / "cpu.cfs_quota_us")
    period = _words(cgroup / "cpu.cfs_period_us")
    if not quota or not period or int(quota[0]) <= 0:
        return None
    return int(quota[0]) / int(period[0])


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []

import os

import pytest

from service.operation.cpus import available_cpus


@pytest.fixture(autouse=True)
def many_cpus(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))


def cgroup(tmp_path, files: dict[str, str]):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "99900000 100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
)
def test_the_quota_limits_the_affinity(tmp_path, files, cpus):
    assert available_cpus(cgroup(tmp_path, files), tmp_path / "none") == cpus


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"system.slice/inpaint.service/cpu.max": "200000 100000\n"}, 2),
        ({"system.slice/cpu.max": "300000 100000\n"}, 3),
        (
            {
                "system.slice/cpu.max": "300000 100000\n",
                "system.slice/inpaint.service/cpu.max": "500000 100000\n",
            },
            3,
        ),
        ({"cpu.max": "400000 100000\n"}, 4),
        ({"system.slice/other.service/cpu.max": "200000 100000\n"}, 64),
        (
            {
                "cpu/docker/abc/cpu.cfs_quota_us": "500000\n",
                "cpu/docker/abc/cpu.cfs_period_us": "100000\n",
            },
            5,
        ),
    ],
)
def test_a_quota_holds_for_all_groups_below(tmp_path, files, cpus):
    membership = tmp_path / "membership"
    membership.write_text("3:cpu,cpuacct:/docker/abc\n0::/system.slice/inpaint.service\n")
    assert available_cpus(cgroup(tmp_path, files), membership) == cpus

"""Dockerfile and compose files, checked by the tools made for them."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


def run(*command: str | Path, cwd: Path) -> None:
    answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_compose_files_follow_the_compose_specification(root: Path) -> None:
    files = sorted(root.glob("docker-compose*.yml"))
    assert len(files) == 2
    tool = Path(sys.executable).with_name("check-jsonschema")
    run(tool, "--builtin-schema", "vendor.compose-spec", *files, cwd=root)


def test_hadolint_finds_nothing(root: Path) -> None:
    tool = Path(sys.executable).with_name("hadolint")
    if not tool.exists():
        pytest.skip("hadolint comes for x86-64 only")
    run(tool, "Dockerfile", cwd=root)

"""The cpu image, built and run for real by docker/check.sh.

The environment says how, where the defaults do not fit: see the head of that script.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


def test_the_cpu_image_fills_a_photo(root: Path) -> None:
    engine = os.environ.get("ENGINE", "docker")
    if (
        shutil.which(engine) is None
        or subprocess.run([engine, "info"], capture_output=True, check=False).returncode != 0
    ):
        pytest.skip(f"no container engine answers as `{engine}` (ENGINE names another)")
    answer = subprocess.run(
        [root / "docker" / "check.sh", "cpu"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    print(answer.stdout)

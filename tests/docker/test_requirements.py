"""docker/list_requirements.py: what the images install is what pyproject.toml says."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement


def listed(root: Path, extra: str) -> set[str]:
    command = [sys.executable, root / "docker" / "list_requirements.py", extra]
    answer = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return {Requirement(line).name for line in answer.stdout.splitlines()}


@pytest.mark.parametrize(
    ("extra", "wanted", "unwanted"),
    [("cpu", "onnxruntime", "onnxruntime-gpu"), ("gpu", "onnxruntime-gpu", "onnxruntime")],
)
def test_an_image_gets_one_runtime_and_the_service_but_no_training(
    root: Path, extra: str, wanted: str, unwanted: str
) -> None:
    names = listed(root, extra)
    assert {"numpy", "fastapi", "uvicorn", wanted} <= names
    assert not names & {unwanted, "pconv-inpainting", "tensorflow", "keras", "tf2onnx"}


def test_the_kernels_are_compiled_with_what_an_installation_compiles_with(root: Path) -> None:
    assert {"setuptools", "ziglang"} <= listed(root, "build")

"""The folders of deploy/kubernetes."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def manifests(root: Path) -> Path:
    """Where base, overlays and components lie."""
    return root / "deploy" / "kubernetes"

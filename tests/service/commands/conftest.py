from pathlib import Path

import pytest

from tests.service.commands.fills import HOLE
from tests.service.pictures import file_of, mask_file, noise


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photos with masks of their names, and one more mask file beside the folders; no model."""
    monkeypatch.setenv("INPAINT_ENGINE", "dummy")
    for name in ("in", "masks"):
        (tmp_path / name).mkdir()
    for index, stem in enumerate("ab"):
        (tmp_path / "in" / f"{stem}.png").write_bytes(file_of(noise(40, 50, seed=index)))
        (tmp_path / "masks" / f"{stem}.png").write_bytes(mask_file(HOLE))
    (tmp_path / "mask.png").write_bytes(mask_file(HOLE))
    return tmp_path

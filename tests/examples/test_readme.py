"""README.md: its commands run, and what it names exists."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from service.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(ROOT.glob("*.md"))


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, photo: Path, mask: Path) -> Path:
    """A folder with the files that the README's lines name."""
    pixels, hole = cv2.imread(str(photo)), cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(tmp_path / "photo.jpg"), pixels)
    cv2.imwrite(str(tmp_path / "cutout.png"), np.dstack([pixels, 255 - hole]))
    shutil.copytree(ROOT / "docs" / "photos", tmp_path / "docs" / "photos")
    return tmp_path


@pytest.mark.parametrize("block", [b for b in blocks("sh") if b.lstrip("# ").count("curl ")])
def test_curl_lines(block: str, desk: Path, server: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = block.replace("localhost:8000", server).replace("curl ", "curl -s --fail-with-body ")
    subprocess.run(["sh", "-euc", script], cwd=desk, check=True, timeout=60)
    answers = list(desk.glob("filled.*"))
    assert answers
    named = desk / re.findall(r"image=@(\S+)", block)[-1]
    for answer in answers:
        assert cv2.imread(str(answer)).shape == cv2.imread(str(named)).shape


def test_python_lines(desk: Path, server: str) -> None:
    sync, asynchronous = (
        block.replace("http://127.0.0.1:8000", server) for block in blocks("python")
    )
    indented = "".join(f"    {line}\n" for line in asynchronous.splitlines())
    program = (
        f"{sync}\nimport asyncio\njobs = [files, files]\n"
        f"async def main():\n{indented}    print(*[len(a.content) for a in answers])\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, cwd=desk, check=True, timeout=60, capture_output=True)
    one, two = answer.stdout.split()
    assert int(one) == int(two) == (desk / "filled.png").stat().st_size


def test_lines_for_openai(desk: Path, server: str) -> None:
    block, _ = blocks("py")
    program = block.replace("http://127.0.0.1:8000", server)
    subprocess.run([sys.executable, "-c", program], cwd=desk, check=True, timeout=60)
    before, after = (cv2.imread(str(desk / name)) for name in ("photo.png", "filled.png"))
    known = cv2.imread(str(desk / "cutout.png"), cv2.IMREAD_UNCHANGED)[..., 3] > 127
    np.testing.assert_array_equal(after[known], before[known])
    assert (after[~known] != before[~known]).any(axis=-1).mean() > 0.9


def test_lines_for_a_part(desk: Path, server: str) -> None:
    _, block = blocks("py")
    program = block.replace("http://127.0.0.1:8000", server)
    subprocess.run([sys.executable, "-c", program], cwd=desk, check=True, timeout=60)
    before, after = (cv2.imread(str(desk / name)) for name in ("photo.jpg", "filled.png"))
    hole = cv2.imread(str(desk / "mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    # Pillow and OpenCV may decode a JPEG a level apart.
    assert np.abs(after[~hole].astype(int) - before[~hole]).max() <= 3
    assert (after[hole] != before[hole]).any(axis=-1).mean() > 0.9


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_settings_exist(document: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", document.read_text()))
    own = {"INPAINT_URL", "INPAINT_KEY", "INPAINT_CC"}  # of the examples, of the installation
    assert named - own <= {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_readme_names_every_setting() -> None:
    rows = re.findall(
        r"^\| `(INPAINT_\w+)` \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE
    )
    assert rows == [PREFIX + name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_targets_exist(document: Path) -> None:
    text = document.read_text()
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(
        re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, flags=re.MULTILINE)
    )
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert named <= targets

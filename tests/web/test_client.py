"""The browser client and the page's pure modules, by Node's own test runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import service as service_package
from tests.service.pictures import box_hole, file_of, mask_file, noise

HERE = Path(__file__).parent
CLIENT = Path(service_package.__file__).parent / "web" / "inpaint.js"
HEIGHT, WIDTH = 150, 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photo.png").write_bytes(file_of(noise(HEIGHT, WIDTH)))
    (tmp_path / "mask.png").write_bytes(mask_file(box_hole(HEIGHT, WIDTH, side=120)))
    (tmp_path / "small.png").write_bytes(file_of(noise(9, 9)))
    return tmp_path


@pytest.fixture(scope="module")
def node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").partition(".")[0]) < 20:
        pytest.skip("node is older than version 20")
    return node


@pytest.mark.parametrize("file", ["client.test.mjs", "modules.test.mjs"])
def test_by_node(node: str, file: str, service, several, folder: Path, tmp_path: Path) -> None:
    # Node runs a file as an ES module by its ending or by the package it lies in.
    shutil.copytree(CLIENT.parent, tmp_path / "web")
    (tmp_path / "web" / "package.json").write_text('{"type": "module"}')
    settings = {
        "INPAINT_URL": str(service.base_url).rstrip("/"),
        "INPAINT_SEVERAL": str(several.base_url).rstrip("/"),
        "INPAINT_CLIENT": (tmp_path / "web" / "inpaint.js").as_uri(),
        "INPAINT_FOLDER": str(folder),
    }
    ran = subprocess.run(
        [node, "--test", HERE / file],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.long
def test_the_types_are_those_of_the_code(node: str, tmp_path: Path) -> None:
    """TypeScript reads a use of every name; what is not there must be an error."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    for name in ("inpaint.js", "inpaint.d.ts"):
        shutil.copy(CLIENT.parent / name, tmp_path)
    shutil.copy(HERE / "use_of_types.ts", tmp_path / "use.ts")
    install = [npm, "install", "--no-audit", "--no-fund", "typescript@5"]
    subprocess.run(install, cwd=tmp_path, check=True, capture_output=True)
    check = ["node_modules/.bin/tsc", "--noEmit", "--strict", "--target", "es2022"]
    ran = subprocess.run(
        [*check, "--module", "esnext", "--moduleResolution", "bundler", "use.ts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout

"""A wheel in an environment that has never seen the checkout."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("service", "pyproject.toml", "setup.py", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Made from a copy, because building leaves its traces beside the sources."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "kernels.so")
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name, **({"ignore": ignored} if name == "service" else {}))
    (source / "models").mkdir()
    for name in ("inpaint.int8.onnx", "MODEL_CARD.md", "DATA_NOTICE.md"):
        shutil.copy(ROOT / "models" / name, source / "models" / name)
    subprocess.run([*PIP, "wheel", "--no-deps", "-w", made, source], check=True)
    (path,) = made.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Only the wheel is installed; what it depends on is lent from here, without the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([*PIP, "--python", python, "install", "--no-deps", wheel], check=True)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
    lent = sysconfig.get_path("purelib")  # the .pth files in it, the checkout's too, are not read
    Path(packages.stdout.strip(), "lent.pth").write_text(f"{lent}\n")
    return folder


def test_a_wheel_serves_every_python_and_holds_the_service_alone(wheel):
    assert "-py3-none-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"service"}
    assert "service/models/inpaint.int8.onnx" in names
    assert "service/web/index.html" in names
    assert [name for name in names if Path(name).name.startswith("kernels.")]


def test_an_installed_wheel_fills_a_photo(environment, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"INPAINT_PORT": str(port), "INPAINT_HOST": "127.0.0.1", "INPAINT_PROVIDER": "cpu"}
    program = [environment / "bin" / "inpaint", "serve"]
    server = subprocess.Popen(program, cwd=tmp_path, env=os.environ | settings)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            wait_until_ready(client, server)
            assert client.get("/model").json()["precision"] == "int8"
            photo = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
            mask = np.zeros((96, 128), np.uint8)
            mask[30:60, 40:70] = 255
            answer = client.post("/inpaint", files={"image": png(photo), "mask": png(mask)})
    finally:
        server.terminate()
        server.wait(60)
    assert answer.status_code == 200
    filled = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(filled[mask == 0], photo[mask == 0])
    assert not np.array_equal(filled[mask > 0], photo[mask > 0])


def wait_until_ready(client, server):
    for _ in range(600):
        assert server.poll() is None, "the server has ended"
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.2)
    raise AssertionError("the server did not become ready")


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()

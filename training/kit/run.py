"""Starts the training of the kit that lies around this file: `python run.py --help`."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SITE = HERE / "site"


def prepare() -> None:
    """Unpack the wheels, if there are any, beside this file; nothing of the machine is changed."""
    wheels = sorted(map(str, (HERE / "wheels").glob("*.whl")))
    if wheels and not SITE.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
        subprocess.run([*command, "--target", str(SITE), *wheels], check=True)
    sys.path[:0] = [str(HERE / "code"), str(SITE)]
    os.environ.setdefault("KERAS_BACKEND", "jax")


if __name__ == "__main__":
    prepare()
    from training.kit.drive import main

    main(HERE)

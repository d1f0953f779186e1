"""What tests of `fill` share."""

import os
import subprocess
import sys
from pathlib import Path

from service.commands.fill import main
from tests.service.pictures import box_hole

HOLE = box_hole(40, 50)


def run(*arguments: object) -> int:
    """The command, in this process."""
    return main([str(argument) for argument in arguments])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def filled_by_command(*arguments: object, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "service", "fill", *map(str, arguments)],
        env=os.environ | settings,
        capture_output=True,
        check=False,
    )

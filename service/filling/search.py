"""Where many photos are looked for: a folder, or a pattern such as `photos/**/*.jpg`."""

import glob
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Photos:
    """What was found, in order of names; not only photos.

    Attributes:
        where: The folder or pattern.
        base: The folder below which names count: outputs and masks lie as the photos do below it.
        paths: The files.
    """

    where: Path
    base: Path
    paths: list[Path]


def photos_at(where: Path) -> Photos | None:
    """All files of a folder and the folders in it, or those that a pattern names.

    What exists is no pattern, whatever its name. None for anything else: one photo.
    """
    if where.is_dir():
        return Photos(where, where, sorted(where.rglob("*")))
    if where.exists() or not glob.has_magic(str(where)):
        return None
    fixed = []
    for part in where.parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    found = map(Path, glob.iglob(str(where), recursive=True))  # noqa: PTH207 - takes absolute ones
    return Photos(where, Path(*fixed), sorted(set(found)))

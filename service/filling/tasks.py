"""Which photo on disk is filled with which mask into which file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from service.filling.search import Photos
from service.imaging.encoding import OutputFormat

SUFFIXES: dict[str, OutputFormat] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
}
"""File endings that are taken for photos and masks, and the output formats they ask for."""


@dataclass(frozen=True, slots=True)
class Task:
    """One photo to fill.

    Attributes:
        image: The photo.
        mask: Its mask, None for the photo's own transparency.
        output: The file to write.
    """

    image: Path
    mask: Path | None
    output: Path


class TaskError(Exception):
    """Photos, masks and outputs do not go together; the text says why in words."""


def single_task(image: Path, mask: Path | None, output: Path) -> Task:
    """The task of one photo.

    Args:
        image: The photo.
        mask: Its mask, a folder with a mask of the same stem, or None.
        output: The file to write, or a folder for a PNG of the photo's name.

    Raises:
        TaskError: the folder has no mask, or the output's ending is not that of a format.
    """
    if mask is not None and mask.is_dir():
        mask = _by_stem(mask, Path(image.stem))
    if output.is_dir():
        output = output / f"{image.stem}.png"
    if output.suffix.lower() not in SUFFIXES:
        raise TaskError(f"{output} should end in one of {', '.join(SUFFIXES)}")
    return Task(image, mask, output)


def tasks_of(
    photos: Photos, masks: Path | None, output: Path, suffix: str
) -> tuple[list[Task], dict[Task, str]]:
    """The tasks of many photos.

    Masks and what was written before are no photos, should they lie among them.

    Args:
        photos: What was found.
        masks: A folder of masks named as the photos are (any ending), one mask for all, or None.
        output: The folder to write to; it repeats the folders in which the photos lie.
        suffix: Ending of the files written.

    Returns:
        The tasks, and those that cannot be done, with the reason in words.

    Raises:
        TaskError: there is no photo, or `output` is not a folder, or that of the masks.
    """
    if output.exists() and not output.is_dir():
        raise TaskError(f"{output} is a file; many photos need a folder")
    if masks is not None and masks.is_dir() and output.resolve() == masks.resolve():
        raise TaskError(f"the next run would take answers in {output} for masks; write to another")
    others = _strictly_below(photos.base, (masks, output))
    paths = [path for path in photos.paths if _is_photo(path, others)]
    if not paths:
        raise TaskError(f"there is no {', '.join(SUFFIXES)} file in {photos.where}")
    tasks: dict[Path, Task] = {}
    refused: dict[Task, str] = {}
    for photo in paths:
        name = Path(str(photo.relative_to(photos.base))).with_suffix("")  # goes below any kind
        target = output / name.with_name(name.name + suffix)
        try:
            mask = _by_stem(masks, name) if masks is not None and masks.is_dir() else masks
        except TaskError as error:
            refused[Task(photo, None, target)] = str(error)
            continue
        task = Task(photo, mask, target)
        if target in tasks:
            refused[task] = f"{tasks[target].image} is written to {target} already"
        else:
            tasks[target] = task
    return list(tasks.values()), refused


def _strictly_below(base: Path, paths: Iterable[Path | None]) -> list[Path]:
    """Those paths that hold no photo: photos may be filled in their own folder or one above it."""
    base = base.resolve()
    real = [path.resolve() for path in paths if path]
    return [path for path in real if base in path.parents]  # holds between disk and bucket, too


def _is_photo(path: Path, others: list[Path]) -> bool:
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    if not others:
        return True
    real = path.resolve()
    return not any(real.is_relative_to(other) for other in others)


def _by_stem(folder: Path, name: Path) -> Path:
    """The mask of a photo: the same path below its folder, but for the ending."""
    for suffix in SUFFIXES:
        mask = folder / name.with_name(name.name + suffix)
        if mask.is_file():
            return mask
    raise TaskError(f"there is no mask {name}.* in {folder}")

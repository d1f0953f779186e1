"""Which photo on disk is filled with which mask into which file."""

from dataclasses import dataclass
from pathlib import Path

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


def folder_tasks(
    images: Path, masks: Path | None, output: Path, suffix: str
) -> tuple[list[Task], dict[Path, str]]:
    """The tasks of all photos in a folder and the folders in it.

    Args:
        images: The folder.
        masks: A folder of masks named as the photos are (any ending), one mask for all, or None.
        output: The folder to write to; it repeats the folders of `images`.
        suffix: Ending of the files written.

    Returns:
        The tasks, and for each photo that cannot be one the reason in words.

    Raises:
        TaskError: there is no photo, or `output` is not a folder.
    """
    if output.exists() and not output.is_dir():
        raise TaskError(f"{output} is a file; many photos need a folder")
    photos = sorted(path for path in images.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise TaskError(f"there is no {', '.join(SUFFIXES)} file in {images}")
    tasks: dict[Path, Task] = {}
    failures: dict[Path, str] = {}
    for photo in photos:
        name = photo.relative_to(images).with_suffix("")
        target = output / name.with_name(name.name + suffix)
        try:
            mask = _by_stem(masks, name) if masks is not None and masks.is_dir() else masks
        except TaskError as error:
            failures[photo] = str(error)
            continue
        if target in tasks:
            failures[photo] = f"{tasks[target].image} is written to {target} already"
        else:
            tasks[target] = Task(photo, mask, target)
    return list(tasks.values()), failures


def _by_stem(folder: Path, name: Path) -> Path:
    """The mask of a photo: the same path below its folder, but for the ending."""
    for suffix in SUFFIXES:
        mask = folder / name.with_name(name.name + suffix)
        if mask.is_file():
            return mask
    raise TaskError(f"there is no mask {name}.* in {folder}")

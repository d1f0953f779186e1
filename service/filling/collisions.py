"""No answer may be written over a photo or a mask that is needed."""

from collections.abc import Collection
from pathlib import Path

from service.filling.search import Photos
from service.filling.tasks import Task, TaskError

FileId = tuple[int, int] | str


SAME_FOLDER = "--resume cannot tell a photo from its answer in the same folder; write to another"


def check_targets(tasks: Collection[Task], others: Collection[Path], *, resume: bool) -> None:
    """Refuse tasks that would write over another photo or a mask.

    A photo may be written over by its own answer, but not where what is there already is left out.

    Args:
        tasks: The photos to fill.
        others: Photos of the same run that are not filled.
        resume: Whether photos are left out whose file is there.

    Raises:
        TaskError: a task does; the text says which and what to do.
    """
    photos = {_id_of(path) for path in (*others, *(task.image for task in tasks))}
    masks = {_id_of(mask) for mask in {task.mask for task in tasks if task.mask}}
    for task in tasks:
        target = _id_of(task.output)
        if target is None:
            continue
        if target in masks:
            raise TaskError(
                f"{task.image} would be written over the mask {task.output}; write to another"
                " folder or file"
            )
        if target == _id_of(task.image):
            if resume:
                raise TaskError(SAME_FOLDER)
        elif target in photos:
            raise TaskError(
                f"{task.image} would be written over {task.output}, which is another photo, or the"
                " answer of an earlier run; write to another folder"
            )


def check_resume(photos: Photos, output: Path) -> None:
    """Refuse to go on in the very folder of the photos, where the next run finds more of them.

    Raises:
        TaskError: it is.
    """
    if photos.where == photos.base and output.resolve() == photos.base.resolve():
        raise TaskError(SAME_FOLDER)


def _id_of(path: Path) -> FileId | None:
    """The same for two names of one file: links, or letters of either case where these are one.

    What is not on a disk has no such number, and its name is all that it is known by.
    """
    kind: object = path
    if not isinstance(kind, Path):
        return str(path)
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

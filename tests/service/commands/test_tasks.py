from pathlib import Path

import pytest

from service.commands.tasks import Task, TaskError, folder_tasks, single_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos a.png, a.jpg and inner/b.webp, masks of the stems a and inner/b, and other files."""
    names = ("in/a.png", "in/a.jpg", "in/inner/b.webp", "in/notes.txt", "masks/a.png")
    for name in (*names, "masks/inner/b.JPG".lower()):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_masks_are_found_by_stem_in_folders_of_folders(folder: Path) -> None:
    tasks, failures = folder_tasks(folder / "in", folder / "masks", folder / "out", ".webp")
    assert (
        Task(folder / "in/inner/b.webp", folder / "masks/inner/b.jpg", folder / "out/inner/b.webp")
        in tasks
    )
    assert len(tasks) == 2
    (reason,) = failures.values()
    assert "already" in reason


def test_one_mask_or_none_serves_all(folder: Path) -> None:
    mask = folder / "masks/a.png"
    tasks, _ = folder_tasks(folder / "in", mask, folder / "out", ".png")
    assert {task.mask for task in tasks} == {mask}
    tasks, _ = folder_tasks(folder / "in", None, folder / "out", ".png")
    assert {task.mask for task in tasks} == {None}


def test_a_photo_without_its_mask_is_a_failure_of_its_own(folder: Path) -> None:
    (folder / "masks/inner/b.jpg").unlink()
    tasks, failures = folder_tasks(folder / "in", folder / "masks", folder / "out", ".png")
    assert len(tasks) == 1
    assert "no mask" in failures[folder / "in/inner/b.webp"]


def test_an_empty_folder_and_a_file_for_many_are_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(TaskError, match="there is no"):
        folder_tasks(folder / "empty", None, folder / "out", ".png")
    with pytest.raises(TaskError, match="is a file"):
        folder_tasks(folder / "in", None, folder / "masks/a.png", ".png")


def test_one_photo(folder: Path) -> None:
    photo = folder / "in/a.png"
    out = folder / "x.WebP"
    assert single_task(photo, folder / "masks", out) == Task(photo, folder / "masks/a.png", out)
    assert single_task(photo, None, folder).output == folder / "a.png"
    with pytest.raises(TaskError, match="should end in"):
        single_task(photo, None, folder / "x.gif")

from pathlib import Path

import pytest

from service.filling.search import photos_at
from service.filling.tasks import Task, TaskError, single_task, tasks_of


def folder_tasks(where: Path, *others: object) -> tuple[list[Task], dict[Task, str]]:
    photos = photos_at(where)
    assert photos is not None
    return tasks_of(photos, *others)


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
    reasons = {(task.image, task.output): reason for task, reason in failures.items()}
    assert "no mask" in reasons[folder / "in/inner/b.webp", folder / "out/inner/b.png"]


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


def test_a_pattern_keeps_the_folders_below_its_fixed_part(folder: Path) -> None:
    tasks, _ = folder_tasks(folder / "in/**/*.[jw]*", None, folder / "out", ".png")
    assert [task.output for task in tasks] == [folder / "out/a.png", folder / "out/inner/b.png"]
    tasks, _ = folder_tasks(folder / "*/a.png", None, folder / "out", ".webp")
    assert [task.output for task in tasks] == [
        folder / "out/in/a.webp",
        folder / "out/masks/a.webp",
    ]
    with pytest.raises(TaskError, match=r"there is no .* in .*/\*\.gif"):
        folder_tasks(folder / "in/*.gif", None, folder / "out", ".png")


def test_what_exists_is_no_pattern(folder: Path) -> None:
    odd = folder / "a[1].png"
    odd.touch()
    assert photos_at(odd) is None
    assert photos_at(folder / "none.png") is None


def test_masks_and_earlier_answers_among_the_photos_are_no_photos(folder: Path) -> None:
    mask = folder / "masks/a.png"
    tasks, _ = folder_tasks(folder, folder / "masks", folder / "in/inner", ".png")
    assert tasks == []
    tasks, _ = folder_tasks(folder, mask, folder / "in/inner", ".png")
    assert {task.image for task in tasks} == {folder / "in/a.jpg", folder / "masks/inner/b.jpg"}
    tasks, _ = folder_tasks(folder / "in", None, folder / "in", ".png")
    assert {task.image.name for task in tasks} == {"a.jpg", "b.webp"}
    tasks, _ = folder_tasks(folder / "in/inner", None, folder / "in", ".png")
    assert [task.output for task in tasks] == [folder / "in/b.png"]

import importlib.util
from pathlib import Path

import pytest

from service.filling.collisions import check_targets
from service.filling.tasks import Task, TaskError


@pytest.mark.skipif(importlib.util.find_spec("upath") is None, reason="UPath is not installed")
def test_objects_in_a_bucket_are_known_by_their_names() -> None:
    from upath import UPath

    photos = UPath("memory://collisions/in")
    for name in ("a.png", "b.png", "out/a.png"):
        path = photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    there, mask, taken = photos / "out/a.png", photos / "m.png", photos / "b.png"
    check_targets([Task(photos / "a.png", mask, there)], [taken], resume=True)
    check_targets([Task(taken, mask, UPath(str(taken)))], [], resume=False)
    for task, resume in (
        (Task(photos / "a.png", mask, taken), False),
        (Task(taken, mask, taken), True),
    ):
        with pytest.raises(TaskError):
            check_targets([task], [taken], resume=resume)


def test_a_mask_of_another_photo_is_not_written_over(tmp_path: Path) -> None:
    names = ("a.png", "b.png", "mask.png")
    for name in names:
        (tmp_path / name).touch()
    a, b, mask = (tmp_path / name for name in names)
    with pytest.raises(TaskError, match="over the mask"):
        check_targets([Task(a, None, mask), Task(b, mask, tmp_path / "c.png")], [], resume=False)

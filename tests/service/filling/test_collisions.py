import importlib.util
import itertools
from pathlib import Path

import pytest

from service.filling.collisions import check_targets
from service.filling.search import photos_at
from service.filling.tasks import Task, TaskError, tasks_of

needs_upath = pytest.mark.skipif(
    importlib.util.find_spec("upath") is None, reason="UPath is not installed"
)


@needs_upath
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


@needs_upath
def test_photos_masks_and_answers_may_lie_on_a_disk_or_in_a_bucket(tmp_path: Path) -> None:
    from upath import UPath

    places = (tmp_path, UPath("memory://places"))
    for place in places:
        for name in ("in/a.png", "in/out/a.png", "masks/a.png"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(b"x")
    for here, there, elsewhere in itertools.product(places, repeat=3):
        photos = photos_at(here / "in")
        assert photos is not None
        tasks, _ = tasks_of(photos, there / "masks" / "a.png", elsewhere / "in/out", ".png")
        names = {str(task.image.relative_to(photos.base)) for task in tasks}
        assert names == ({"a.png"} if here is elsewhere else {"a.png", "out/a.png"})
        check_targets(tasks, [], resume=False)

"""What became of one photo."""

from dataclasses import dataclass
from typing import Literal

from service.filling.tasks import Task

State = Literal["filled", "unchanged", "skipped", "failed", "stopped"]
"""`unchanged`: only the changed part was asked for, and there was none. `skipped`: it was there
already. `stopped`: its turn had not come, or it was given up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo.

    Attributes:
        task: The photo, its mask and the file that it was to be written to.
        state: How it ended.
        reason: Why it failed, in words.
        seconds: How long it took, waiting for others that are filled at the same time included.
        size: The photo's (width, height), if it was read.
        bytes: Of the file written.
        texture: What became of its texture, as the header `X-Inpaint-Texture` tells.
        crop: Left, top, width and height of what was written, where that is not the whole photo.
    """

    task: Task
    state: State
    reason: str = ""
    seconds: float | None = None
    size: tuple[int, int] | None = None
    bytes: int | None = None
    texture: str = ""
    crop: tuple[int, int, int, int] | None = None

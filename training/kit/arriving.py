"""Photos that arrive while a borrowed machine works already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from training.kit.archives import read_archive
from training.kit.manifest import Manifest
from training.learning.devices import put
from training.learning.store import STEPS_PER_SHARD, Photos, shapes

LOOK_EVERY = 0.5
"""Seconds."""


class Arrivals:
    """Decodes archives of photos as they come, in a thread of its own.

    Args:
        folder: where they come.
        manifest: of the kit.
        say: told what came.
    """

    def __init__(self, folder: Path, manifest: Manifest, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.canvas: tuple[int, int] = tuple(manifest.recipe["canvas"])
        self.photos: list[Photos] = []
        self._say = say
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Arrivals:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for_photos(self) -> None:
        """Wait until photos are there.

        Raises:
            RuntimeError: an archive could not be read.
        """
        with self._news:
            self._news.wait_for(lambda: self.photos or self._error)
        if self._error:
            raise RuntimeError(f"Photos could not be read: {self._error!r}") from self._error

    def wait_for_file(self, name: str) -> Path:
        """Wait until a file is there, whole; where it is."""
        while not self.manifest.has_arrived(self.folder, name):
            self._stop.wait(LOOK_EVERY)
        return self.folder / name

    def _look(self) -> None:
        missing = list(self.manifest.photos)
        while missing and not self._stop.is_set():
            here = [name for name in missing if self.manifest.has_arrived(self.folder, name)]
            for name in here:
                try:
                    shard = read_archive(self.folder / name, self.canvas, self.manifest.shard)
                except Exception as error:  # whoever waits has to know
                    with self._news:
                        self._error = error
                        self._news.notify_all()
                    return
                with self._news:
                    self.photos.append(shard)
                    self._news.notify_all()
                self._say(f"{name}: {int((shard.chances > 0).sum())} photos")
                missing.remove(name)
            if not here:
                self._stop.wait(LOOK_EVERY)


class ArrivingStore:
    """`training.learning.store.Store` of what has arrived by now; so a run is not repeatable.

    Args:
        arrivals: the photos.
        side: of the crops; photos smaller than that are never drawn.
        budget: bytes that photos may take on the device; None: any number.
    """

    def __init__(self, arrivals: Arrivals, side: int, budget: int | None) -> None:
        self._arrivals = arrivals
        self._side = side
        self._budget = budget
        self._held: dict[int, dict[str, Any]] = {}

    def at(self, step: int) -> dict[str, Any]:
        """`photos`, `sizes` and `cumulative` for a step, on the device.

        Raises:
            ValueError: no photo that is here is large enough.
        """
        photos = self._arrivals.photos
        turns = [number for number, shard in enumerate(photos) if self._chances(shard).any()]
        if not turns:
            raise ValueError(f"No photo that is here has sides of at least {self._side} pixels.")
        turn = turns[step // STEPS_PER_SHARD % len(turns)]
        if turn not in self._held:
            each = photos[turn].pixels.nbytes
            if self._budget is not None and (len(self._held) + 1) * each > self._budget:
                self._held.clear()
            self._held[turn] = {
                "photos": put(photos[turn].pixels),
                "sizes": put(photos[turn].sizes),
                "cumulative": put(np.cumsum(self._chances(photos[turn]), dtype=np.float32)),
            }
        return self._held[turn]

    def shapes(self) -> dict[str, Any]:
        """Shapes and dtypes of what `at` hands out."""
        return shapes(self._arrivals.manifest.shard, *self._arrivals.canvas)

    def _chances(self, shard: Photos) -> Any:
        large = shard.sizes[:, :2].min(axis=1) >= self._side
        return np.where(large, shard.chances, 0)

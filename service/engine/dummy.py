"""Engines without a model: for tests, demonstrations and measuring everything but inference."""

from collections.abc import Sequence

import numpy as np

from service.arrays import Holes, Images
from service.engine.base import EngineInfo
from service.engine.run_table import RunTable
from service.traits import Traits


class DummyEngine:
    """Predicts the mean colour of a window's known pixels, black where nothing is known."""

    def __init__(
        self, window_sizes: Sequence[int] = (128, 256, 384, 512), max_batch: int = 8
    ) -> None:
        self._info = EngineInfo(
            name="dummy",
            version="1",
            provider="none",
            precision="uint8",
            traits=Traits(),
            window_sizes=tuple(sorted(window_sizes)),
            first_sizes=tuple(sorted(window_sizes)),
            max_batch=max_batch,
        )

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return self._info

    def infer(self, images: Images, holes: Holes) -> Images:
        """Paint each window in the mean colour of its known pixels; shapes as in `Engine.infer`."""
        known = ~holes[..., np.newaxis]
        total = np.sum(images, axis=(1, 2), dtype=np.int64, where=known)
        count = np.maximum(np.sum(known, axis=(1, 2), dtype=np.int64), 1)
        mean = ((total + count // 2) // count).astype(np.uint8)
        return np.broadcast_to(mean[:, np.newaxis, np.newaxis, :], images.shape).copy()

    def warm_up(self, sizes: Sequence[int] = ()) -> RunTable:
        """Nothing to warm; a nominal picosecond for each pixel."""
        batch = self._info.max_batch
        return RunTable(
            {size: {batch: batch * size**2 * 1e-12} for size in sizes or self._info.window_sizes}
        )

    def close(self) -> None:
        """Nothing to free."""


class IdentityEngine(DummyEngine):
    """Predicts the window itself, holes included: shows which pixel comes from where."""

    def infer(self, images: Images, holes: Holes) -> Images:
        """A copy of the windows; shapes as in `Engine.infer`."""
        return images.copy()

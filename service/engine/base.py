"""What every engine offers: a Protocol, and the record that describes an engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from service.arrays import Holes, Images
from service.engine.run_table import RunTable


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine is and what it really runs on.

    Attributes:
        name: Name of the model.
        version: Version of the model.
        provider: What computes, as the runtime itself reports it (`CPUExecutionProvider`, ...).
        precision: Arithmetic of the network (`float32`, `float16`, `int8`).
        stride: Sides of a window are multiples of this many pixels.
        window_sizes: Warmed window sizes in pixels, ascending.
        max_batch: Most windows of a run; the warm-up tells how many are worth it.
        runs: How many runs should be under way at once.
        metadata: What the model file says of itself: training record, licence, source commit.
    """

    name: str
    version: str
    provider: str
    precision: str
    stride: int
    window_sizes: tuple[int, ...]
    max_batch: int = 1
    runs: int = 1
    metadata: Mapping[str, object] = field(default_factory=dict)


class Engine(Protocol):
    """Fills windows. Thread safe: `info.runs` calls of `infer` may overlap."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        ...

    def infer(self, images: Images, holes: Holes) -> Images:
        """Predict whole windows.

        Args:
            images: (N, S, S, 3) uint8 RGB; S is a multiple of `info.stride`. Pixels under the hole
                do not matter.
            holes: (N, S, S) bool, True is hole.

        Returns:
            (N, S, S, 3) uint8: the network's picture, known pixels included.

        Raises:
            EngineError: the runtime failed.
        """
        ...

    def warm_up(self) -> RunTable:
        """Time every window size in batches up to the largest, `info.runs` at once."""
        ...

    def close(self) -> None:
        """Free what the engine holds. Calling `infer` afterwards is an error."""
        ...


class EngineError(RuntimeError):
    """An engine could not be built or could not run; the text says why in words."""

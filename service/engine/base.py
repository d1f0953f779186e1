"""What every engine offers: a Protocol, and the record that describes an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.arrays import Holes, Images
from service.engine.run_table import RunTable
from service.traits import Traits


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine is and what it really runs on.

    Attributes:
        name: Name of the model.
        version: Version of the model.
        provider: What computes, as the runtime itself reports it (`CPUExecutionProvider`, ...).
        precision: Arithmetic of the network (`float32`, `float16`, `int8`).
        traits: What the network can and cannot do.
        signature: How windows are given to it (`service.engine.signatures`).
        window_sizes: Window sizes in pixels, ascending, multiples of the stride.
        first_sizes: Those to be warmed before requests are taken; the others run without it too.
        terms: Terms of the weights, one line.
        max_batch: Most windows of a run; the warm-up tells how many are worth it.
        runs: How many runs should be under way at once.
        precision_seconds: What a window of the smallest size took by precision, where the faster
            one was chosen; else empty.
        memory_bytes: Bytes of memory that the engine takes, estimated.
        metadata: What the model file says of itself: training record, licence, source commit.
    """

    name: str
    version: str
    provider: str
    precision: str
    traits: Traits
    window_sizes: tuple[int, ...]
    first_sizes: tuple[int, ...]
    signature: str = "none"
    terms: str = "unspecified"
    max_batch: int = 1
    runs: int = 1
    precision_seconds: Mapping[str, float] = field(default_factory=dict)
    memory_bytes: int = 0
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
            images: (N, S, S, 3) uint8 RGB; S is a multiple of the stride. Pixels under the hole
                do not matter.
            holes: (N, S, S) bool, True is hole.

        Returns:
            (N, S, S, 3) uint8: the network's picture, known pixels included.

        Raises:
            EngineError: the runtime failed.
        """
        ...

    def warm_up(self, sizes: Sequence[int] = ()) -> RunTable:
        """Time window sizes (all, if none is named) in batches, `info.runs` at once."""
        ...

    def close(self) -> None:
        """Free what the engine holds. Calling `infer` afterwards is an error."""
        ...


class EngineError(RuntimeError):
    """An engine could not be built or could not run; the text says why in words."""


class RuntimeFailureError(EngineError):
    """The runtime failed: `__cause__` has its own words, which are not for clients.

    They tell of this machine: its folders, lines of source, its name.
    """


def in_full(error: BaseException) -> str:
    """An error in words for whoever runs the service: with the runtime's own, if it has some."""
    words, link = str(error), error
    while link.__cause__ is not None:
        if isinstance(link, RuntimeFailureError):
            words += f": {link.__cause__}"
        link = link.__cause__
    return words

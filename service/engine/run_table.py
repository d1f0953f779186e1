"""What runs took in the warm-up, and which batches follow from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NEARLY = 1.03
"""A smaller batch is preferred where its windows cost at most this many times the cheapest ones:
it answers sooner and needs less memory."""


@dataclass(frozen=True, slots=True)
class RunTable:
    """Seconds of the device that one run takes, measured.

    Attributes:
        seconds: By window size in pixels, then by how many windows the run had. Of runs that
            overlap each has its share.
    """

    seconds: Mapping[int, Mapping[int, float]]

    @property
    def batches(self) -> dict[int, int]:
        """By window size, how many windows a run should have at most."""
        return {size: _best_batch(runs) for size, runs in self.seconds.items()}

    @property
    def window_seconds(self) -> dict[int, float]:
        """By window size, seconds for each window of a run of the best batch."""
        return {size: self.seconds[size][batch] / batch for size, batch in self.batches.items()}

    def estimate(self, sizes: Iterable[int]) -> dict[int, float]:
        """`window_seconds` for all `sizes`: those not measured by the nearest one's pixels."""
        measured = self.window_seconds
        nearest = {size: min(measured, key=lambda other: abs(other - size)) for size in sizes}
        return {size: measured[other] * (size / other) ** 2 for size, other in nearest.items()}

    def __or__(self, other: "RunTable") -> "RunTable":
        """Both tables' sizes."""
        return RunTable({**self.seconds, **other.seconds})


def _best_batch(runs: Mapping[int, float]) -> int:
    cheapest = min(seconds / batch for batch, seconds in runs.items())
    return min(batch for batch, seconds in runs.items() if seconds / batch <= NEARLY * cheapest)


def batch_sizes(most: int) -> tuple[int, ...]:
    """The batches worth trying: powers of two up to `most`, and `most` itself."""
    powers = {1 << bits for bits in range(most.bit_length())}
    return tuple(sorted(powers | {most}))

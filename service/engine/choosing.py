"""Which of two precisions runs faster here: not every processor has instructions for 8 bits."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from service.arrays import Holes, Images

TIMED_RUNS = 3  # at most, after the one that allocates; the fastest counts
DECISIVE = 1.5  # times as long: no further run would turn that round
CLEARLY = 0.9
"""The larger file must take at most this share of the smaller one's time: the smaller one needs
less memory, and a busy machine must not decide."""

SPED_UP = 0.7
"""Of its time a float32 session keeps at least this share when it is optimised for the processor's
vectors, which takes four fifths of the time of opening it (measured: 0.78)."""


class Runs(Protocol):
    """As much of a session as running it needs."""

    def run(self, outputs: Sequence[str], feed: dict[str, Any]) -> Any:
        """As `InferenceSession.run`."""
        ...


Measure = Callable[[Sequence[Runs]], list[float]]
"""Seconds of a window by session."""


def measure_by(size: int, clock: Callable[[], float] = time.perf_counter) -> Measure:
    """What times windows of a size.

    Sessions take turns, so that what else the machine does meanwhile disturbs them alike.

    Args:
        size: Side of a window in pixels.
        clock: Seconds that pass.
    """
    images, holes = sample_windows(1, size)
    feed = {"image": images, "mask": holes.view(np.uint8)[..., np.newaxis]}

    def seconds(session: Runs) -> float:
        start = clock()
        session.run(["prediction"], feed)
        return clock() - start

    def measure(sessions: Sequence[Runs]) -> list[float]:
        for session in sessions:
            seconds(session)
        fastest = [float("inf")] * len(sessions)
        for _ in range(TIMED_RUNS):
            latest = [seconds(session) for session in sessions]
            fastest = [min(times) for times in zip(fastest, latest, strict=True)]
            if max(fastest) > DECISIVE * min(fastest):
                break
        return fastest

    return measure


def sample_windows(count: int, size: int) -> tuple[Images, Holes]:
    """Grey windows with a hole each, for runs whose time matters and whose result does not."""
    images = np.full((count, size, size, 3), 127, np.uint8)
    holes = np.zeros((count, size, size), np.bool_)
    holes[:, size // 4 : size // 2, size // 4 : size // 2] = True
    return images, holes

"""Sessions timed by a clock that they themselves move."""

import numpy as np
import pytest

from service.engine.choosing import TIMED_RUNS, measure_by


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


class Session:
    """Takes so long, run by run; the last time goes on."""

    def __init__(self, clock, *seconds):
        self._clock, self._seconds = clock, list(seconds)
        self.feeds = []

    def run(self, outputs, feed):
        assert outputs == ["prediction"]
        self.feeds.append(feed)
        self._clock.now += self._seconds[min(len(self.feeds), len(self._seconds)) - 1]


@pytest.mark.parametrize(
    ("first", "second", "fastest", "runs"),
    [
        ((9, 1), (9, 2), [1, 2], 2),  # decisive
        ((9, 2), (1, 3), [2, 3], 1 + TIMED_RUNS),
        ((99, 10, 30), (99, 14, 12), [10, 12], 1 + TIMED_RUNS),
        ((9, 4, 2), (9, 3, 3), [2, 3], 1 + TIMED_RUNS),
        ((9, 4, 1), (9, 3, 3), [1, 3], 3),
    ],
)
def test_the_fastest_run_counts_but_not_the_one_that_allocates(first, second, fastest, runs):
    clock = Clock()
    sessions = [Session(clock, *first), Session(clock, *second)]
    assert measure_by(8, clock)(sessions) == fastest
    assert [len(session.feeds) for session in sessions] == [runs, runs]


def test_windows_are_those_of_the_contract():
    clock = Clock()
    session = Session(clock, 1)
    measure_by(16, clock)([session])
    feed = session.feeds[0]
    assert {name: (each.shape, each.dtype) for name, each in feed.items()} == {
        "image": ((1, 16, 16, 3), np.dtype(np.uint8)),
        "mask": ((1, 16, 16, 1), np.dtype(np.uint8)),
    }
    assert 0 < np.count_nonzero(feed["mask"]) < 16 * 16

import pytest

from service.queueing.share_clock import ShareClock


class Now:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now():
    return Now()


def test_a_run_alone_has_all_its_seconds(now):
    clock = ShareClock(now)
    started = clock.start()
    now.seconds += 3
    assert clock.stop(started) == 3
    now.seconds += 50
    started = clock.start()
    now.seconds += 1
    assert clock.stop(started) == 1


def test_runs_that_overlap_share_the_seconds(now):
    clock = ShareClock(now)
    first = clock.start()
    now.seconds += 1
    second = clock.start()
    now.seconds += 2
    assert clock.stop(first) == 1 + 1
    now.seconds += 4
    assert clock.stop(second) == 1 + 4


def test_shares_add_up_to_the_time_that_was_busy(now):
    clock = ShareClock(now)
    started = [clock.start() for _ in range(4)]
    shares = []
    for begin in started:
        now.seconds += 1
        shares.append(clock.stop(begin))
    assert sum(shares) == pytest.approx(4)

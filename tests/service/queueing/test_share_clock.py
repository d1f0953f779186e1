import pytest

from service.queueing.share_clock import ShareClock
from tests.service.clock import Clock


@pytest.fixture
def clock():
    return Clock(now=100.0)


def test_a_run_alone_has_all_its_seconds(clock):
    shares = ShareClock(clock)
    started = shares.start()
    clock.now += 3
    assert shares.stop(started) == 3
    clock.now += 50
    started = shares.start()
    clock.now += 1
    assert shares.stop(started) == 1


def test_runs_that_overlap_share_the_seconds(clock):
    shares = ShareClock(clock)
    first = shares.start()
    clock.now += 1
    second = shares.start()
    clock.now += 2
    assert shares.stop(first) == 1 + 1
    clock.now += 4
    assert shares.stop(second) == 1 + 4


def test_shares_add_up_to_the_time_that_was_busy(clock):
    shares = ShareClock(clock)
    started = [shares.start() for _ in range(4)]
    parts = []
    for begin in started:
        clock.now += 1
        parts.append(shares.stop(begin))
    assert sum(parts) == pytest.approx(4)

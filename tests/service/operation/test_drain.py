import pytest

from service.operation.drain import Drain
from tests.service.clock import Clock

DELAY_S, GRACE_S = 2, 100


class Draining:
    """A drain whose clock and jobs a test moves."""

    def __init__(self, jobs: int = 0) -> None:
        self.clock = Clock(50)
        self.jobs = jobs
        self.drain = Drain(lambda: self.jobs, DELAY_S, GRACE_S, self.clock)

    def is_over(self, after_s: float) -> bool:
        self.clock.now = 50 + after_s
        return self.drain.is_over()


def test_without_a_signal_it_is_never_over():
    draining = Draining()
    assert not draining.is_over(1000)
    assert draining.drain.left_s == GRACE_S


def test_without_jobs_it_takes_the_delay():
    draining = Draining()
    draining.drain.begin()
    assert not draining.is_over(1.9)
    assert draining.is_over(2)
    assert draining.drain.left_s == GRACE_S


@pytest.mark.parametrize("last", [1, 30])
def test_after_the_last_job_there_is_the_delay_to_fetch_its_result(last):
    draining = Draining(jobs=1)
    draining.drain.begin()
    assert not draining.is_over(last)
    draining.jobs = 0
    assert not draining.is_over(last + 1.9)
    assert draining.is_over(last + 2)
    assert draining.drain.left_s == GRACE_S - last


def test_jobs_that_do_not_end_are_not_waited_for_longer_than_the_grace():
    draining = Draining(jobs=1)
    draining.drain.begin()
    assert not draining.is_over(101.9)
    assert draining.is_over(102)
    assert draining.drain.left_s == 0

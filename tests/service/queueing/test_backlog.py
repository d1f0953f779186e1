import pytest

from service.errors import Unavailable
from service.queueing.backlog import STALE_S, Backlog, CostTable
from service.ticket import Ticket


def test_a_plan_that_fits_is_taken_on():
    backlog = Backlog()
    backlog.add(Ticket(10), 9)
    assert backlog.seconds == 9


def test_a_plan_that_cannot_meet_its_deadline_is_refused_in_words():
    with pytest.raises(Unavailable, match=r"needs about 11\.0 s") as refusal:
        Backlog().add(Ticket(10), 11)
    assert refusal.value.headers == {"Retry-After": "1"}


def test_a_large_plan_counts_against_a_small_one_no_more_than_the_small_one_itself():
    backlog = Backlog()
    backlog.add(Ticket(1000), 900)
    backlog.add(Ticket(10), 4)  # 4 of its own, 4 of the large one's in between
    with pytest.raises(Unavailable) as refusal:
        backlog.add(Ticket(10), 5)  # 5 + 5 + 4
    assert refusal.value.headers == {"Retry-After": "9"}


def test_progress_and_ends_make_room():
    backlog = Backlog()
    first = Ticket(100)
    backlog.add(first, 90)
    backlog.remain(first, 1)
    backlog.add(Ticket(10), 8)
    backlog.remove(first)
    backlog.remove(first)
    assert backlog.seconds == 8


def test_costs_follow_real_runs():
    costs = CostTable()
    costs.update({8: 1.0})
    for _ in range(50):
        costs.observe(8, 4, 8.0)
    assert costs.snapshot()[8] == pytest.approx(2.0, rel=1e-3)
    costs.observe(16, 2, 6.0)
    assert costs.snapshot()[16] == 3.0
    assert costs.price([16, 16]) == 6.0


def test_a_machine_that_stood_still_is_not_taken_for_slow_for_ever():
    now = 0.0
    costs = CostTable(clock=lambda: now)
    costs.update({8: 1.0, 16: 4.0})
    costs.observe(8, 1, 3601.0)
    assert costs.snapshot() == {8: 721.0, 16: 4.0}
    now = STALE_S
    assert costs.price([8]) == 721.0
    now += 1
    assert costs.price([8, 16]) == 5.0
    costs.observe(8, 1, 2.0)
    assert costs.snapshot()[8] == pytest.approx(1.2)

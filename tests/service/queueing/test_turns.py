import threading

from hypothesis import given
from hypothesis import strategies as st

from service.engine.dummy import IdentityEngine
from service.queueing.lane import Lane
from service.queueing.share_clock import ShareClock
from service.queueing.turns import Turns
from tests.service.clock import Clock
from tests.service.queueing.lanes import GatedEngine, Request, wait_for, windows


class Waiting:
    """A thread that waits for a turn of a line."""

    def __init__(self, turns: Turns, line) -> None:
        self.got: bool | None = None
        self._thread = threading.Thread(target=self._take, args=(turns, line))
        before = line.waiting
        self._thread.start()
        wait_for(lambda: line.waiting > before or self.got is not None)

    def _take(self, turns, line) -> None:
        self.got = turns.take(line)

    def join(self) -> bool | None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.got


def test_a_lane_alone_has_as_many_turns_as_it_wants():
    turns = Turns()
    line = turns.join(3)
    assert [turns.take(line) for _ in range(3)] == [True] * 3
    fourth = Waiting(turns, line)
    assert fourth.got is None
    turns.give_back(line)
    assert fourth.join() is True


def test_lanes_together_have_no_more_than_the_one_that_wants_most():
    turns = Turns()
    one, two = turns.join(1), turns.join(2)
    assert turns.take(one)
    assert turns.take(two)
    other = Waiting(turns, one)
    assert other.got is None
    turns.give_back(two)
    assert other.join() is True


@given(
    requests=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    costs=st.lists(st.floats(0.5, 2.0), min_size=4, max_size=4),
)
def test_each_request_has_the_same_share_whichever_lane_it_is_in(requests, costs):
    turns = Turns()
    lines = [turns.join(1) for _ in requests]
    had = [0.0] * len(lines)
    for line in lines:  # all of them always want a turn
        line.threads = line.waiting = 1
    for _ in range(400):
        (index, *_) = [n for n, line in enumerate(lines) if turns._is_next(line)]
        turns.charge(lines[index], costs[index], requests[index])
        had[index] += costs[index]
    each = [seconds / count for seconds, count in zip(had, requests, strict=True)]
    assert max(each) - min(each) <= 2 * max(costs)


def test_time_that_was_not_used_is_not_saved_up():
    turns = Turns()
    busy, idle = turns.join(1), turns.join(1)
    for _ in range(2):
        assert turns.take(busy)
        turns.charge(busy, 100.0, 1)
        turns.give_back(busy)
    assert turns.take(idle)
    assert (busy.had_s, idle.had_s) == (200.0, 100.0)  # as busy had when it got its latest turn


def test_a_lane_that_leaves_waits_no_longer_and_keeps_no_turn():
    turns = Turns()
    one, two = turns.join(1), turns.join(1)
    assert turns.take(one)
    waiting = Waiting(turns, two)
    turns.leave(two)
    assert waiting.join() is False
    turns.give_back(one)
    assert turns.take(one)


class Timed(GatedEngine):
    """Every run takes a second."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def infer(self, images, holes):
        predictions = super().infer(images, holes)
        self._clock.now += 1
        return predictions


def test_a_request_alone_in_its_lane_has_the_share_of_any_other():
    """Four requests in one lane, one in the other: the lanes do not have halves."""
    clock = Clock()
    turns = Turns(ShareClock(clock))
    engines = [Timed(clock), Timed(clock)]
    order: list[int] = []
    lanes = []
    for number, engine in enumerate(engines):
        lane = Lane(
            engine,
            wait_s=0.0,
            on_run=lambda *_, number=number: order.append(number),
            turns=turns,
        )
        lane.start()
        lanes.append(lane)
    blocked = Request(lanes[0], *windows(9))
    assert engines[0].begun.acquire(timeout=30)
    requests = [Request(lanes[0], *windows(value, count=8)) for value in range(4)]
    requests.append(Request(lanes[1], *windows(5, count=8)))
    wait_for(lambda: (lanes[0].waiting, lanes[1].waiting) == (32, 8))
    wait_for(lambda: lanes[1]._line.waiting)
    for engine in engines:
        engine.gate.release(1000)
    for request in (blocked, *requests):
        request.join()
    for lane in lanes:
        lane.close()
    assert (order.count(0), order.count(1)) == (33, 8)
    assert 3 <= order[:20].count(1) <= 6


def test_a_lane_can_be_closed_while_another_runs():
    turns = Turns()
    engine = GatedEngine()
    busy = Lane(engine, wait_s=0.0, turns=turns)
    waits = Lane(IdentityEngine((8, 16)), wait_s=0.0, turns=turns)
    busy.start(), waits.start()
    first = Request(busy, *windows(1))
    assert engine.begun.acquire(timeout=30)
    second = Request(waits, *windows(2))
    wait_for(lambda: waits.waiting == 1)
    waits.close()
    assert "failed" in str(second.join())
    engine.gate.release()
    first.join()
    busy.close()

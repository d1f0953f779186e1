import threading

import numpy as np
import pytest

from service.engine.dummy import IdentityEngine
from service.errors import ClientGone, DeadlinePassed, InferenceFailed
from service.ticket import Ticket
from tests.service.queueing.lanes import (
    SIZES,
    GatedEngine,
    Request,
    blocked_lane,
    wait_for,
    windows,
)


def test_windows_come_back_in_order(start):
    lane = start(IdentityEngine(SIZES))
    images = np.arange(11 * 8 * 8 * 3, dtype=np.uint8).reshape(11, 8, 8, 3)
    with lane.client(Ticket(30)) as client:
        np.testing.assert_array_equal(client(images, np.zeros((11, 8, 8), np.bool_)), images)


def test_windows_of_several_requests_share_a_run(start, engine):
    lane, first = blocked_lane(start, engine)
    others = [Request(lane, *windows(value)) for value in (1, 2, 3)]
    wait_for(lambda: lane.waiting == 3)
    engine.gate.release(2)
    for request in (first, *others):
        np.testing.assert_array_equal(request.join(), request.images)
    assert engine.runs[0] == [0]
    assert sorted(engine.runs[1]) == [1, 2, 3]
    assert sum(map(len, engine.runs)) / len(engine.runs) > 1


def test_a_small_request_overtakes_a_large_one(start, engine):
    lane, first = blocked_lane(start, engine, max_batch=2)
    large = Request(lane, *windows(1, count=6))
    wait_for(lambda: lane.waiting == 6)
    small = Request(lane, *windows(2))
    wait_for(lambda: lane.waiting == 7)
    engine.gate.release(10)
    for request in (first, large, small):
        request.join()
    assert engine.runs[1] == [1, 2]
    assert [value for run in engine.runs for value in run].count(1) == 6


def test_each_size_has_the_batch_that_the_warm_up_found_best(start, engine):
    lane, first = blocked_lane(start, engine, max_batch=1)
    lane.tune({8: 3, 16: 2})
    small = Request(lane, *windows(1, count=4))
    wait_for(lambda: lane.waiting == 4)
    large = Request(lane, *windows(2, count=4, size=16))
    wait_for(lambda: lane.waiting == 8)
    engine.gate.release(10)
    for request in (first, small, large):
        request.join()
    assert sorted(map(tuple, engine.runs[1:])) == [(1,), (1, 1, 1), (2, 2), (2, 2)]


def test_a_request_of_another_size_has_its_turn(start, engine):
    lane, first = blocked_lane(start, engine, max_batch=2)
    large = Request(lane, *windows(1, count=6))
    wait_for(lambda: lane.waiting == 6)
    small = Request(lane, *windows(2, size=16))
    wait_for(lambda: lane.waiting == 7)
    engine.gate.release(10)
    for request in (first, large, small):
        request.join()
    assert engine.runs.index([2]) <= 2
    assert all(len(set(run)) == 1 for run in engine.runs)


def test_a_run_waits_for_windows_of_requests_at_work(start, engine):
    lane = start(engine, wait_s=20)
    with lane.client(Ticket(30)):  # at work, but brings nothing: it may still
        one = Request(lane, *windows(1))
        two = Request(lane, *windows(2))
        three = Request(lane, *windows(3))
        four = Request(lane, *windows(4))
        engine.gate.release()
        for request in (one, two, three, four):
            request.join()
    assert [sorted(run) for run in engine.runs] == [[1, 2, 3, 4]]


def test_a_lone_request_waits_for_nobody(start, engine):
    lane = start(engine, wait_s=3600)
    engine.gate.release()
    assert isinstance(Request(lane, *windows(1)).join(), np.ndarray)


def test_windows_of_a_client_that_has_gone_are_never_run(start, engine):
    lane, first = blocked_lane(start, engine)
    gone = Request(lane, *windows(7, count=5))
    wait_for(lambda: lane.waiting == 5)
    gone.ticket.cancel()
    stays = Request(lane, *windows(1))
    wait_for(lambda: lane.waiting == 6)
    engine.gate.release(10)
    first.join()
    stays.join()
    assert isinstance(gone.join(), ClientGone)
    assert 7 not in {value for run in engine.runs for value in run}


def test_the_deadline_frees_a_request_from_a_hanging_engine(start, engine):
    lane = start(engine)

    def hangs() -> bool:
        """On a busy machine the deadline may pass before the engine is reached."""
        assert isinstance(Request(lane, *windows(1), Ticket(0.05)).join(), DeadlinePassed)
        return engine.begun.acquire(blocking=False)

    wait_for(hangs)
    wait_for(lambda: lane.busy_s() > 0.05)
    engine.gate.release()
    wait_for(lambda: lane.busy_s() == 0)


def test_closing_fails_what_still_waits(start, engine):
    lane, first = blocked_lane(start, engine)
    waiting = Request(lane, *windows(1))
    wait_for(lambda: lane.waiting == 1)
    closer = threading.Thread(target=lane.close)
    closer.start()
    wait_for(lambda: lane._closed)
    engine.gate.release()
    assert isinstance(first.join(), np.ndarray)
    assert isinstance(waiting.join(), InferenceFailed)
    closer.join(30)
    with pytest.raises(InferenceFailed, match="stopping"), lane.client(Ticket(30)) as client:
        client(*windows(1))


def test_runs_are_told_of(start):
    told = []
    lane = start(IdentityEngine(SIZES), on_run=lambda *run: told.append(run[:2]))
    with lane.client(Ticket(30)) as client:
        client(*windows(1, count=5, size=16))
    wait_for(lambda: len(told) == 2)
    assert told == [(16, 4), (16, 1)]


def test_as_many_runs_overlap_as_the_engine_wants(start):
    engine = GatedEngine(runs=2)
    lane, first = blocked_lane(start, engine, max_batch=1)
    second, third = Request(lane, *windows(1)), Request(lane, *windows(2))
    assert engine.begun.acquire(timeout=30)
    wait_for(lambda: lane.waiting == 1)
    assert not engine.begun.acquire(timeout=0.05)
    engine.gate.release(3)
    for request in (first, second, third):
        np.testing.assert_array_equal(request.join(), request.images)


def test_one_request_s_windows_may_be_in_runs_that_overlap(start):
    engine = GatedEngine(runs=2)
    lane = start(engine, max_batch=1)
    images, holes = windows(0, count=6)
    images += np.arange(6, dtype=np.uint8)[:, None, None, None]
    request = Request(lane, images, holes)
    assert engine.begun.acquire(timeout=30)
    assert engine.begun.acquire(timeout=30)
    engine.gate.release(6)
    np.testing.assert_array_equal(request.join(), images)


def test_runs_that_overlap_are_told_with_their_shares(start):
    told = []
    engine = GatedEngine(runs=2)
    lane, first = blocked_lane(start, engine, on_run=lambda *run: told.append(run))
    second = Request(lane, *windows(1))
    assert engine.begun.acquire(timeout=30)
    engine.gate.release(2)
    first.join(), second.join()
    wait_for(lambda: len(told) == 2)
    assert all(0 < share <= seconds for _, _, seconds, share in told)
    assert sum(share for *_, share in told) < sum(seconds for _, _, seconds, _ in told)


def test_a_lane_at_rest_has_ended_its_runs_and_begins_none(start, engine):
    lane, first = blocked_lane(start, engine)
    rested, measured = threading.Event(), threading.Event()

    def rest() -> None:
        with lane.rest():
            rested.set()
            assert measured.wait(30)

    resting = threading.Thread(target=rest)
    resting.start()
    assert not rested.wait(0.05)  # the run under way goes on
    engine.gate.release()
    assert rested.wait(30)
    first.join()
    second = Request(lane, *windows(1))
    wait_for(lambda: lane.waiting == 1)
    assert not engine.begun.acquire(timeout=0.05)
    measured.set()
    engine.gate.release()
    np.testing.assert_array_equal(second.join(), second.images)
    resting.join(30)


def test_a_lane_can_be_closed_at_rest(start, engine):
    lane = start(engine)
    with lane.rest():
        request = Request(lane, *windows(1))
        wait_for(lambda: lane.waiting == 1)
        lane.close()
        assert isinstance(request.join(), InferenceFailed)

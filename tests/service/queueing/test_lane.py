import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.dummy import IdentityEngine
from service.errors import ClientGone, DeadlinePassed, InferenceFailed
from service.queueing.lane import Lane
from service.ticket import Ticket

SIZES = (8, 16)


class GatedEngine(IdentityEngine):
    """Identity, but every run waits for its gate and is noted by its windows' first samples."""

    def __init__(self, runs: int = 1) -> None:
        super().__init__(SIZES)
        self._info = replace(self._info, runs=runs)
        self.gate = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.runs: list[list[int]] = []

    def infer(self, images, holes):
        self.begun.release()
        assert self.gate.acquire(timeout=30)
        self.runs.append(images[:, 0, 0, 0].tolist())
        return super().infer(images, holes)


def windows(value: int, count: int = 1, size: int = 8):
    images = np.full((count, size, size, 3), value, np.uint8)
    return images, np.zeros((count, size, size), np.bool_)


class Request:
    """One request in its own thread."""

    def __init__(self, lane: Lane, images, holes, ticket: Ticket | None = None) -> None:
        self.ticket = ticket or Ticket(30)
        self.images = images
        self.outcome: object = None
        self._thread = threading.Thread(target=self._run, args=(lane, images, holes))
        self._thread.start()

    def _run(self, lane: Lane, images, holes) -> None:
        with lane.client(self.ticket) as client:
            try:
                self.outcome = client(images, holes)
            except Exception as error:
                self.outcome = error

    def join(self) -> object:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.outcome


@pytest.fixture
def engine():
    return GatedEngine()


@pytest.fixture
def start(request):
    """Starts lanes and closes them at the end."""

    def start_lane(engine, **options) -> Lane:
        lane = Lane(engine, **{"max_batch": 4, "wait_s": 0.0, **options})
        lane.start()
        request.addfinalizer(lane.close)
        return lane

    return start_lane


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not happen within 30 s")


def blocked_lane(start, engine, **options) -> tuple[Lane, Request]:
    """A lane whose engine is busy with a first request of value 0, so that others queue up."""
    lane = start(engine, **options)
    first = Request(lane, *windows(0))
    assert engine.begun.acquire(timeout=30)
    return lane, first


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


def test_an_engine_that_raises_fails_its_own_requests_only(start):
    class Raising(IdentityEngine):
        def infer(self, images, holes):
            if (images == 13).any():
                raise EngineError("a secret of the runtime")
            return super().infer(images, holes)

    lane = start(Raising(SIZES), max_batch=1)
    failure = Request(lane, *windows(13)).join()
    assert isinstance(failure, InferenceFailed)
    assert "secret" not in failure.detail
    assert isinstance(failure.__cause__, EngineError)
    assert isinstance(Request(lane, *windows(1)).join(), np.ndarray)


class Choosy(GatedEngine):
    """Fails at every run that has a window of 13, or at every run but the first."""

    broken = False

    def infer(self, images, holes):
        predictions = super().infer(images, holes)
        if (images == 13).any() or (self.broken and len(self.runs) > 1):
            raise EngineError("a secret of the runtime")
        return predictions


def shared_run(start, engine) -> list[Request]:
    """Requests of values 1, 13 and 2, with 2, 1 and 1 windows, that share the second run."""
    lane, first = blocked_lane(start, engine)
    shared = []
    for waiting, (value, count) in ((2, (1, 2)), (3, (13, 1)), (4, (2, 1))):
        shared.append(Request(lane, *windows(value, count=count)))
        wait_for(lambda n=waiting: lane.waiting == n)
    engine.gate.release()
    first.join()
    assert engine.begun.acquire(timeout=30)
    return shared


def test_only_whose_windows_the_engine_cannot_run_fails(start):
    engine = Choosy()
    one, thirteen, two = shared_run(start, engine)
    engine.gate.release(1000)
    for request in (one, two):
        np.testing.assert_array_equal(request.join(), request.images)
    assert isinstance(thirteen.join(), InferenceFailed)
    assert sorted(engine.runs[1]) == [1, 1, 2, 13]
    assert engine.runs[2:] == [[1, 1], [13], [2]]


def test_an_engine_that_fails_at_everything_is_asked_once_more_for_each_request(start):
    engine = Choosy()
    engine.broken = True
    requests = shared_run(start, engine)
    engine.gate.release(1000)
    for request in requests:
        assert isinstance(request.join(), InferenceFailed)
    assert len(engine.runs) == 1 + 1 + len(requests)


def test_windows_of_a_client_that_went_away_in_a_failed_run_are_not_run_again(start):
    engine = Choosy()
    one, thirteen, two = shared_run(start, engine)
    one.ticket.cancel()
    engine.gate.release(1000)
    assert isinstance(one.join(), ClientGone)
    assert isinstance(thirteen.join(), InferenceFailed)
    np.testing.assert_array_equal(two.join(), two.images)
    assert engine.runs[2:] == [[13], [2]]


def test_the_other_windows_of_a_request_that_failed_are_never_run(start):
    engine = Choosy()
    lane, first = blocked_lane(start, engine, max_batch=1)
    thirteen = Request(lane, *windows(13, count=5))
    wait_for(lambda: lane.waiting == 5)
    engine.gate.release(1000)
    first.join()
    assert isinstance(thirteen.join(), InferenceFailed)
    assert engine.runs == [[0], [13]]


def test_an_engine_that_answers_too_few_windows_fails_and_the_lane_goes_on(start):
    class Short(IdentityEngine):
        def infer(self, images, holes):
            return images[1:] if (images == 13).any() else images

    lane = start(Short(SIZES))
    assert isinstance(Request(lane, *windows(13, count=3)).join(), InferenceFailed)
    assert isinstance(Request(lane, *windows(1)).join(), np.ndarray)


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


def test_a_run_that_fails_beside_another_harms_nobody_else(start):
    class Broken(GatedEngine):
        def infer(self, images, holes):
            predictions = super().infer(images, holes)
            if (images == 13).any():
                raise EngineError("broken")
            return predictions

    engine = Broken(runs=2)
    lane, first = blocked_lane(start, engine, max_batch=1)
    thirteen = Request(lane, *windows(13))
    assert engine.begun.acquire(timeout=30)
    engine.gate.release(2)
    np.testing.assert_array_equal(first.join(), first.images)
    assert isinstance(thirteen.join(), InferenceFailed)
    wait_for(lambda: lane.busy_s() == 0)


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


def test_a_request_that_failed_in_one_run_is_not_tried_again_after_another(start):
    class Broken(GatedEngine):
        def infer(self, images, holes):
            super().infer(images, holes)
            raise EngineError("broken")

    engine = Broken(runs=2)
    lane = start(engine, max_batch=2)
    requests = [Request(lane, *windows(value, count=6)) for value in (1, 2)]
    engine.gate.release(1000)
    for request in requests:
        assert isinstance(request.join(), InferenceFailed)
    wait_for(lambda: lane.busy_s() == 0)
    assert len(engine.runs) <= 2 * engine.info.runs + len(requests)


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

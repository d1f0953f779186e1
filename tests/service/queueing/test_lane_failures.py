"""Engines that fail: whose request it is that fails, and what is not run for it any more."""

import numpy as np

from service.engine.base import EngineError
from service.engine.dummy import IdentityEngine
from service.errors import ClientGone, InferenceFailed
from tests.service.queueing.lanes import (
    SIZES,
    GatedEngine,
    Request,
    blocked_lane,
    wait_for,
    windows,
)


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

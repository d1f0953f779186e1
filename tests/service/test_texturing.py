"""Time and memory that texture may take."""

import threading

import numpy as np
import pytest

from service.errors import ClientGone, DeadlinePassed
from service.texturing import Texturing, _Room
from service.ticket import Ticket
from tests.service.pictures import box_hole, noise

HOLE = box_hole(90, 120, 30, 40, 24)


@pytest.fixture
def texturing():
    texturing = Texturing("auto", 2, 2**30)
    yield texturing
    texturing.close()


def apply(texturing, image, ticket, *, may_skip=True, on_progress=lambda done, total: None):
    return texturing.apply(
        image,
        HOLE,
        None,
        texturing.plan(HOLE, None),
        ticket,
        may_skip=may_skip,
        on_progress=on_progress,
    )


def test_the_warm_up_prices_photos_by_their_holes(texturing):
    assert texturing.plan(HOLE, None).seconds == 0
    assert texturing.warm_up() > 0
    small = texturing.plan(HOLE, None).seconds
    large = texturing.plan(box_hole(900, 900, 300, 300, 200), None).seconds
    assert 0 < small < large / 10


def test_it_stops_in_the_middle_when_time_runs_short(texturing):
    image = noise(90, 120)
    before, ticket = image.copy(), Ticket(1000)
    looks = []

    class Running(Ticket):
        def check(self):
            looks.append(None)
            if len(looks) > 5:  # as if the work had taken that long
                self.deadline = ticket.deadline - 990

    assert apply(texturing, image, Running(1000)) == "late"
    assert len(looks) > 5
    assert np.array_equal(image, before)


def test_what_is_asked_for_misses_the_deadline_instead(texturing):
    with pytest.raises(DeadlinePassed):
        apply(texturing, noise(90, 120), Ticket(0), may_skip=False)


def test_a_client_that_has_gone_stops_it(texturing):
    ticket = Ticket(1000)
    ticket.cancel()
    with pytest.raises(ClientGone):
        apply(texturing, noise(90, 120), ticket)


def test_the_budget_is_waited_for_and_given_back():
    room, order = _Room(100, photos=2), []
    inside, go = threading.Event(), threading.Event()

    def first():
        with room.held(80, lambda: None):
            inside.set()
            go.wait(30)
            order.append("first")

    def second():
        with room.held(50, lambda: None):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(30)
    assert order == ["first", "second"]


def test_more_than_the_budget_is_taken_when_nobody_else_has_any():
    room = _Room(100, photos=2)
    with room.held(500, lambda: None), pytest.raises(TimeoutError):  # noqa: SIM117
        with room.held(1, _stop):
            raise AssertionError("more than there is was taken beside it")


def test_no_more_photos_are_at_work_than_may_be():
    room = _Room(100, photos=2)
    with room.held(1, _stop), room.held(1, _stop), pytest.raises(TimeoutError):  # noqa: SIM117
        with room.held(1, _stop):
            raise AssertionError("a third photo was let in")
    with room.held(1, _stop):
        pass


def _stop():
    raise TimeoutError

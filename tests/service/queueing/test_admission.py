import asyncio

import pytest

from service.errors import ClientGone, DeadlinePassed, QueueFull
from service.queueing.admission import Admission
from service.record import Record
from service.ticket import Ticket


def record(allowed_s: float = 30) -> Record:
    return Record("id", "/inpaint", Ticket(allowed_s))


def never() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def test_places_are_workers_and_queue():
    admission = Admission(workers=1, queue_size=1)
    with admission.admitted(), admission.admitted():
        assert admission.waiting == 2
        with pytest.raises(QueueFull) as refusal, admission.admitted():
            pass
        assert int(refusal.value.headers["Retry-After"]) >= 1
    with admission.admitted():
        assert admission.waiting == 1


def test_the_slowest_upload_loses_its_place_to_a_request_that_would_be_refused():
    now = 0.0
    admission = Admission(workers=1, queue_size=2, min_rate=100, clock=lambda: now)
    with (
        admission.admitted() as quick,
        admission.admitted() as slow,
        admission.admitted() as slower,
    ):
        now = 10.0
        quick.receive(1000, complete=False)
        slow.receive(999, complete=False)
        slower.receive(998, complete=False)
        with admission.admitted(), admission.admitted():
            assert admission.waiting == 3
            assert [place.lost for place in (quick, slow, slower)] == [False, True, True]
            with pytest.raises(QueueFull), admission.admitted():
                pass
    assert admission.waiting == 0


def test_without_a_rate_an_upload_may_be_as_slow_as_it_likes():
    now = 0.0
    admission = Admission(workers=1, queue_size=0, clock=lambda: now)
    with admission.admitted():
        now = 1000.0
        with pytest.raises(QueueFull), admission.admitted():
            pass


def test_workers_are_given_in_order_of_arrival():
    async def scenario() -> list[int]:
        admission = Admission(workers=1, queue_size=9)
        order: list[int] = []

        async def work(number: int) -> None:
            with admission.admitted():
                async with admission.worker(record(), never()):
                    assert admission.working == 1
                    order.append(number)
                    await asyncio.sleep(0)

        await asyncio.gather(*(work(number) for number in range(5)))
        assert (admission.working, admission.waiting) == (0, 0)
        return order

    assert asyncio.run(scenario()) == [0, 1, 2, 3, 4]


async def turned_away(
    waiting: Record, gone: asyncio.Future[None], error: type[Exception]
) -> Admission:
    """While the only worker is busy, `waiting` gives up with `error`."""
    admission = Admission(workers=1, queue_size=9)
    async with admission.worker(record(), never()):
        with pytest.raises(error):
            async with admission.worker(waiting, gone):
                pytest.fail("there is no worker to be had")
    async with admission.worker(record(), never()):
        assert admission.working == 1
    return admission


def test_waiting_ends_at_the_deadline():
    async def scenario() -> None:
        await turned_away(record(0.01), never(), DeadlinePassed)

    asyncio.run(scenario())


def test_waiting_ends_when_the_client_goes_away():
    async def scenario() -> None:
        waiting, gone = record(), never()
        waiting.ticket.cancel()
        gone.set_result(None)
        await turned_away(waiting, gone, ClientGone)

    asyncio.run(scenario())


@pytest.mark.parametrize("steps", [0, 1])
def test_a_request_that_is_cancelled_as_its_turn_comes_passes_the_turn_on(steps):
    async def scenario() -> None:
        admission = Admission(workers=1, queue_size=9)

        async def work() -> None:
            async with admission.worker(record(), never()):
                pytest.fail("this one is cancelled before it can begin")

        async with admission.worker(record(), never()):
            waiting = asyncio.create_task(work())
            for _ in range(5):
                await asyncio.sleep(0)  # until it stands in line
        for _ in range(steps):
            await asyncio.sleep(0)  # with one step the turn is taken, and nobody knows yet
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with admission.worker(record(1), never()):
            assert admission.working == 1

    asyncio.run(scenario())

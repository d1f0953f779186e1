import asyncio

import pytest

from service.errors import UploadStalled
from service.queueing.place import GRACE_S, Place
from tests.service.clock import Clock


@pytest.fixture
def clock():
    return Clock()


def test_the_rate_is_the_average_once_the_grace_is_over(clock):
    place = Place(clock)
    place.receive(1000, complete=False)
    clock.now = GRACE_S
    assert place.rate == float("inf")
    clock.now = 10 * GRACE_S
    place.receive(1000, complete=False)
    assert place.rate == 2000 / (10 * GRACE_S)


def test_a_body_that_has_come_is_not_slow(clock):
    place = Place(clock)
    place.receive(1, complete=True)
    clock.now = 1000
    assert place.rate == float("inf")


@pytest.mark.parametrize("waits", [True, False])
def test_an_upload_ends_in_words_when_its_place_is_lost(clock, waits):
    async def scenario() -> None:
        place = Place(clock)
        place.receive(100, complete=False)
        clock.now = 50
        loop = asyncio.get_running_loop()
        if waits:
            loop.call_soon(place.lose)
        else:
            place.lose()
        with pytest.raises(UploadStalled, match="2 bytes a second"):
            async with place.arriving():
                await loop.create_future()

    asyncio.run(scenario())


def test_a_place_lost_as_the_rest_comes_is_lost_all_the_same(clock):
    async def scenario() -> None:
        place = Place(clock)
        with pytest.raises(UploadStalled):
            async with place.arriving():
                place.lose()

    asyncio.run(scenario())


def test_what_comes_in_time_comes_through(clock):
    async def scenario() -> None:
        place = Place(clock)
        async with place.arriving():
            await asyncio.sleep(0)
        place.receive(1, complete=True)
        with pytest.raises(TimeoutError, match="another"):
            async with place.arriving():
                raise TimeoutError("another")

    asyncio.run(scenario())

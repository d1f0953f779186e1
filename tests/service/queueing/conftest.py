import pytest

from service.queueing.lane import Lane
from tests.service.queueing.lanes import GatedEngine


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

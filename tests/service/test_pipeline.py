"""What the steps promise beyond single answers: memory, and grey that stays grey."""

import io
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageOps

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.errors import ClientGone, InferenceFailed, Unavailable
from service.imaging.encoding import Encoding
from service.networks.network import Network
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog
from service.texturing import Texturing
from service.ticket import Ticket
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of

SIZES = (32, 64)
HOLE = box_hole(40, 50)


class Failing(DummyEngine):
    def infer(self, images, holes):
        raise EngineError("broken")


class Painter(DummyEngine):
    """Predicts one colour, known pixels included."""

    def infer(self, images, holes):
        return np.broadcast_to(np.array([200, 100, 50], np.uint8), images.shape).copy()


@contextmanager
def network_of(engine):
    network = Network("one", engine)
    network.plan_by(dict.fromkeys(SIZES, 1e-6), dict.fromkeys(SIZES, 4))
    network.start()
    yield network
    network.close()


@pytest.fixture
def network():
    with network_of(Painter(SIZES)) as network:
        yield network


@pytest.fixture
def pipeline():
    texturing = Texturing("off", 1, 2**28)
    yield Pipeline(Backlog(), 10**6, Encoding(), texturing)
    texturing.close()


@pytest.fixture
def run(pipeline, network):
    """Takes work through the pipeline and the network."""
    return partial(pipeline.run, network=network)


def work_of(samples, hole=HOLE, **values) -> Work:
    defaults = {
        "image": io.BytesIO(file_of(samples)),
        "mask": io.BytesIO(mask_file(hole)),
        "invert_mask": False,
        "dilate": 0,
        "output": "png",
        "ticket": Ticket(60),
    }
    return Work(**(defaults | values))


def test_the_fill_of_grey_is_the_luma_of_the_fill(run):
    samples = np.full((40, 50), 90, np.uint8)
    grey = samples_of(run(work_of(samples)).answer)
    rgb = samples_of(run(work_of(np.stack([samples] * 3, axis=2))).answer)
    luma = np.array(Image.fromarray(rgb).convert("L"))
    np.testing.assert_allclose(grey[HOLE], luma[HOLE], atol=1)


def test_steps_stop_when_the_client_has_gone(run):
    work = work_of(noise(40, 50))
    work.ticket.cancel()
    with pytest.raises(ClientGone):
        run(work)
    assert work.photo is None


def test_a_refused_plan_leaves_no_backlog(pipeline, network):
    network.costs.update(dict.fromkeys(SIZES, 1e6))
    with pytest.raises(Unavailable):
        pipeline.run(work_of(noise(40, 50)), network)
    assert pipeline.backlog.seconds == 0


def test_the_time_in_the_lane_is_told_of_failures_too(pipeline):
    work = work_of(noise(40, 50))
    with network_of(Failing(SIZES)) as network, pytest.raises(InferenceFailed):
        pipeline.run(work, network)
    assert {"queue", "infer", "composite"} <= work.timings.seconds.keys()


def test_plans_go_by_the_warm_up_and_not_by_how_busy_the_service_is(run, network):
    hole = np.zeros((400, 400), np.bool_)
    hole[100, 50:350] = True

    def windows() -> int:
        return run(work_of(noise(400, 400), hole)).windows

    network.costs.update({64: 1e-6, 128: 4e-6})
    small = windows()
    for _ in range(50):
        network.costs.observe(64, 1, 1e-3)
    assert windows() == small
    network.costs.update({64: 1e-6, 128: 1.1e-6})
    assert windows() < small


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1), (9, 9)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_single_row_or_column_is_filled_whichever_way_it_is_turned(run, shape, turn, channels):
    exif = Image.Exif()
    exif[0x0112] = turn
    samples = noise(*shape, channels)
    file = io.BytesIO(file_of(samples, exif=exif))
    upright = ImageOps.exif_transpose(Image.open(file))
    hole = np.zeros((upright.height, upright.width), np.bool_)
    hole[-1, -1] = hole.size > 1
    answer = samples_of(run(work_of(samples, hole, image=file)).answer)
    np.testing.assert_array_equal(answer[~hole], np.asarray(upright)[~hole])

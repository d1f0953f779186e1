"""The service's pipeline without the server around it, wired as `service.runtime` does it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from service.engine.base import Engine
from service.imaging.encoding import Encoding
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog, CostTable
from service.queueing.lane import Lane
from service.settings import Settings
from service.texturing import build_texturing
from service.ticket import Ticket

NO_LIMIT = 10**9


def encoding_of(settings: Settings) -> Encoding:
    """How the service writes its answers."""
    return Encoding(settings.png_compression, settings.jpeg_quality)


@contextmanager
def pipeline_of(engine: Engine, settings: Settings) -> Iterator[Pipeline]:
    """A pipeline around an engine that it warms up, and closes at the end of the block."""
    runs = engine.warm_up()
    costs = CostTable()
    costs.update(runs.window_seconds)
    lane = Lane(engine, wait_s=settings.batch_wait_ms / 1e3)
    lane.tune(runs.batches)
    lane.start()
    traits = engine.info.traits
    texturing = build_texturing(settings)
    if settings.texture != "off":
        texturing.warm_up()
    encoding = encoding_of(settings)
    try:
        yield Pipeline(lane, traits, costs, Backlog(), NO_LIMIT, encoding, texturing)
    finally:
        texturing.close()
        lane.close()
        engine.close()


def work_of(photo: bytes, mask: bytes) -> Work:
    """A request for a PNG, as the route makes it from a form."""
    return Work(
        image=io.BytesIO(photo),
        mask=io.BytesIO(mask),
        invert_mask=False,
        dilate=0,
        output="png",
        ticket=Ticket(NO_LIMIT),
    )

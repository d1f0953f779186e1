"""The service's pipeline without the server around it, wired as `service.runtime` does it."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from service.engine.base import Engine
from service.imaging.encoding import Encoding
from service.networks.network import Network
from service.pipeline import Pipeline, Work
from service.queueing.backlog import Backlog
from service.settings import Settings
from service.texturing import build_texturing
from service.ticket import Ticket

Run = Callable[[Work], Work]
"""Takes work through the pipeline."""

NO_LIMIT = 10**9


def encoding_of(settings: Settings) -> Encoding:
    """How the service writes its answers."""
    return Encoding(settings.png_compression, settings.jpeg_quality)


@contextmanager
def pipeline_of(engine: Engine, settings: Settings) -> Iterator[Run]:
    """What takes work through a pipeline and an engine that it warms up.

    Both are closed at the end of the block.
    """
    network = Network(engine.info.name, engine, wait_s=settings.batch_wait_ms / 1e3)
    network.warm_up(engine.info.window_sizes)
    network.start()
    texturing = build_texturing(settings)
    if settings.texture != "off":
        texturing.warm_up()
    try:
        pipeline = Pipeline(Backlog(), NO_LIMIT, encoding_of(settings), texturing)
        yield partial(pipeline.run, network=network)
    finally:
        texturing.close()
        network.close()


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

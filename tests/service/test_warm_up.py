"""What is answered while larger windows are still being warmed up."""

import logging
import threading
from dataclasses import replace

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from tests.service.pictures import file_of, mask_file, noise
from tests.service.servers import SIZES, client_of

PHOTO = {"image": file_of(noise(90, 90)), "mask": mask_file(noise(90, 90)[..., 0] > 250)}


class Slow(DummyEngine):
    """Warms its smallest size first, and the others when a test says so."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__(SIZES)
        self._info = replace(self._info, first_sizes=SIZES[:1])
        self.go_on = threading.Event()
        self.asked: list[tuple[int, ...]] = []
        self._fails = fails

    def warm_up(self, sizes=()):
        self.asked.append(tuple(sizes))
        if sizes != SIZES[:1]:
            assert self.go_on.wait(30)
            if self._fails:
                raise EngineError("out of memory")
        return super().warm_up(sizes)


def test_requests_are_taken_once_the_first_sizes_are_warm():
    engine = Slow()
    with client_of(engine) as client:
        runtime = client.app.state.runtime
        # Plans are made of all sizes from the start: as they will be later.
        assert sorted(runtime.networks.default.costs.warm()) == list(SIZES)
        assert client.get("/health/ready").status_code == 200
        engine.go_on.set()
        assert client.post("/inpaint", files=PHOTO).status_code == 200
    assert engine.asked == [SIZES[:1], SIZES[1:]]


def test_a_size_that_cannot_be_warmed_is_only_warned_of(caplog):
    engine = Slow(fails=True)
    engine.go_on.set()
    with caplog.at_level(logging.WARNING), client_of(engine) as client:
        assert client.post("/inpaint", files=PHOTO).status_code == 200
    assert f"windows of {SIZES[1]} pixels could not be warmed up: out of memory" in caplog.text


def test_a_server_can_be_stopped_while_it_warms_up():
    engine = Slow()
    with client_of(engine) as client:
        client.app.state.runtime.lifecycle.drain()
        engine.go_on.set()


def test_which_precision_was_faster_is_told(caplog):
    engine = DummyEngine(SIZES)
    engine._info = replace(engine._info, precision_seconds={"int8": 0.25, "float32": 0.5})
    with caplog.at_level(logging.INFO), client_of(engine) as client:
        assert client.get("/model").json()["precision_seconds"] == {"int8": 0.25, "float32": 0.5}
        lines = client.get("/metrics").text.splitlines()
    assert 'inpaint_precision_seconds{model="dummy",precision="float32"} 0.5' in lines
    ready = next(record for record in caplog.records if record.message == "ready")
    assert ready.precision_seconds == {"int8": 0.25, "float32": 0.5}


def test_the_terms_of_the_weights_are_told(caplog):
    with caplog.at_level(logging.INFO), client_of() as client:
        model = client.get("/model").json()
    assert model["terms"] == "unspecified"
    assert (model["stride"], model["reach"]) == (1, 64)
    assert "terms of the weights: unspecified" in caplog.text

import threading

from service.engine.dummy import DummyEngine
from service.texture import LibraryError
from service.texturing import Texturing
from tests.service.pictures import file_of, noise
from tests.service.servers import SIZES, client_of, wait_for

PHOTO = {"image": file_of(noise(8, 8))}


class Cold(DummyEngine):
    """Warms up for as long as a test likes."""

    def __init__(self) -> None:
        super().__init__(SIZES)
        self.warm = threading.Event()

    def warm_up(self, sizes=()):
        assert self.warm.wait(30)
        return super().warm_up(sizes)


def test_a_warm_server_is_ready(client):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "provider": "none"}


def test_a_cold_server_is_alive_and_not_ready():
    engine = Cold()
    with client_of(engine, wait=False) as client:
        assert client.get("/health/live").status_code == 200
        for response in (client.get("/health/ready"), client.post("/inpaint", files=PHOTO)):
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) >= 1
            assert "warmed up" in response.json()["detail"]
        engine.warm.set()


def test_a_draining_server_finishes_and_takes_nothing_more(client):
    with client_of() as client:
        client.app.state.runtime.lifecycle.drain()
        assert client.get("/health/live").status_code == 200
        for response in (client.get("/health/ready"), client.post("/inpaint", files=PHOTO)):
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) >= 1
            assert "stopping" in response.json()["detail"]


def test_missing_kernels_are_fatal_where_texture_is_used(monkeypatch):
    def missing(_):
        raise LibraryError("the kernels are missing")

    monkeypatch.setattr(Texturing, "warm_up", missing)
    reasons = []
    with client_of(wait=False, on_fatal=reasons.append) as client:
        wait_for(lambda: reasons)
        assert client.get("/health/ready").status_code == 503
    assert reasons == ["the kernels are missing; INPAINT_TEXTURE=off does without"]
    with client_of(texture="off") as client:
        assert client.get("/health/ready").status_code == 200


def test_an_engine_that_cannot_be_warmed_up_is_fatal():
    class Broken(DummyEngine):
        def warm_up(self, sizes=()):
            raise RuntimeError("out of memory")

    reasons = []
    with client_of(Broken(SIZES), wait=False, on_fatal=reasons.append) as client:
        assert client.get("/health/ready").status_code == 503
    assert reasons == ["the engine cannot be warmed up: out of memory"]

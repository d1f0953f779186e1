import pytest

from tests.service.pictures import file_of, noise
from tests.service.servers import client_of, connect, wait_for

SMALL = {"image": file_of(noise(8, 8))}
HEAD = b"POST /inpaint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + (
    b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n"
)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    monkeypatch.setattr("service.queueing.place.GRACE_S", 0.0)


def test_a_body_that_trickles_loses_its_place_to_the_next_request():
    with client_of(workers=1, queue_size=0) as client, connect(client) as connection:
        connection.sendall(HEAD)
        wait_for(lambda: client.app.state.runtime.admission.waiting == 1)

        def answered() -> bool:
            connection.sendall(b"x")
            return client.post("/inpaint", files=SMALL).status_code == 200

        wait_for(answered)
        answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"upload-stalled" in answer
        assert b"others waited for its place" in answer
        wait_for(lambda: client.app.state.runtime.admission.waiting == 0)


def test_a_body_that_trickles_keeps_a_place_that_nobody_else_needs():
    with client_of(workers=1, queue_size=1) as client, connect(client) as connection:
        connection.sendall(HEAD)
        admission = client.app.state.runtime.admission
        wait_for(lambda: admission.waiting == 1)
        for _ in range(3):
            assert client.post("/inpaint", files=SMALL).status_code == 200
            wait_for(lambda: admission.working == 0 and admission.waiting <= 1)
        assert admission.waiting == 1


def test_a_body_that_trickles_keeps_its_place_where_no_rate_is_asked_for():
    with client_of(workers=1, queue_size=0, upload_min_bytes_s=0) as client:
        with connect(client) as connection:
            connection.sendall(HEAD)
            wait_for(lambda: client.app.state.runtime.admission.waiting == 1)
            assert client.post("/inpaint", files=SMALL).status_code == 429
        wait_for(lambda: client.post("/inpaint", files=SMALL).status_code == 200)

import socket
import threading
import time

import pytest

from service.http.linger import LINGER_BYTES
from tests.service.pictures import file_of, noise
from tests.service.servers import client_of

LIMIT = 20_000
PHOTO = file_of(noise(8, 8))


@pytest.fixture(scope="module")
def limited():
    with client_of(max_body_bytes=LIMIT) as client:
        yield client


def in_chunks(size: int):
    for start in range(0, size, 1000):
        yield b"x" * min(1000, size - start)


def test_a_body_within_the_limit_is_read(limited):
    assert limited.post("/inpaint", files={"image": PHOTO}).status_code == 200


@pytest.mark.parametrize("path", ["/inpaint", "/nothing"])
def test_an_announced_body_over_the_limit_is_refused(limited, path):
    response = limited.post(path, content=b"x" * (LIMIT + 1))
    assert response.status_code == 413
    assert response.json()["detail"] == f"the body is larger than {LIMIT} bytes"


def multipart(size: int):
    yield b'--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'
    yield from in_chunks(size)
    yield b"\r\n--b--\r\n"


def test_a_body_without_a_length_is_counted_while_it_streams(limited):
    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = limited.post("/inpaint", content=multipart(LIMIT), headers=headers)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    fits = limited.post("/inpaint", content=multipart(LIMIT - 1000), headers=headers)
    assert fits.status_code == 415  # read to its end, and no image


def test_a_client_that_sends_everything_first_still_reads_the_refusal(limited):
    response = limited.post("/inpaint", content=b"x" * (LINGER_BYTES - 1))
    assert response.status_code == 413
    assert "connection" not in response.headers
    assert limited.get("/health/live").status_code == 200


def raw_request(client, head: str) -> socket.socket:
    connection = socket.create_connection((client.base_url.host, client.base_url.port), 30)
    connection.sendall(head.replace("\n", "\r\n").encode())
    return connection


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


STALLING = """POST /inpaint HTTP/1.1
Host: x
Connection: close
Content-Type: multipart/form-data; boundary=b
Content-Length: 1000

--b
"""


def test_an_upload_that_stalls_is_given_up():
    with client_of(upload_idle_s=0.2) as client, raw_request(client, STALLING) as connection:
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"no byte of the body came for 0.2 s" in answer


def test_an_upload_that_drips_is_given_up_at_the_deadline():
    with client_of(deadline_s=0.3) as client, raw_request(client, STALLING) as connection:
        stop = threading.Event()

        def drip():
            while not stop.is_set():
                try:
                    connection.sendall(b"x")
                except OSError:
                    return
                time.sleep(0.02)

        dripper = threading.Thread(target=drip)
        dripper.start()
        answer = read_all(connection)
        stop.set()
        dripper.join()
    assert answer.startswith(b"HTTP/1.1 504")


def test_an_endless_body_is_cut_off(limited):
    head = "POST /inpaint HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
    with raw_request(limited, head) as connection:
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        sent = 0
        try:
            while sent < 20 * LINGER_BYTES:
                connection.sendall(chunk)
                sent += 0x10000
        except OSError:
            pass
    assert sent < 20 * LINGER_BYTES

"""Offers to upgrade, and clients that stop reading, on real connections."""

import http.client
import socket

import pytest

from service.http.connections import UNSENT_BYTES
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import PATIENCE_S, client_of, connect, raw_post, wait_for

SAMPLES = noise(41, 57)
HOLE = box_hole(41, 57)
FILES = {"image": file_of(SAMPLES), "mask": mask_file(HOLE)}
# What the stock HttpClient of Java and `curl --http2` send.
JAVA = (
    b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nUpgrade: h2c\r\n"
)
OFFERS = {
    "h2c": JAVA,
    "in small letters": JAVA.lower(),
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "TLS": b"Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.2, HTTP/2.0\r\n",
}


def offering(client, offer: bytes, files=FILES) -> bytes:
    """A whole request that offers to go on in another protocol."""
    head, end, body = raw_post(client, files).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join(lines) + b"\r\n" + offer.removesuffix(b"\r\n") + end + body


def answer_of(connection: socket.socket) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    return response


def is_filled(answer: bytes) -> bool:
    return bool((samples_of(answer) != SAMPLES).any(axis=-1)[HOLE].any())


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("pieces", [1, 2, 40])
def test_a_refused_offer_keeps_the_body(client, offer, pieces):
    data = offering(client, OFFERS[offer])
    size = -(-len(data) // pieces)
    with connect(client) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        response = answer_of(connection)
        assert response.status == 200
        assert is_filled(response.read())


def test_an_offer_with_a_chunked_body(client):
    head, end, body = offering(client, JAVA).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with connect(client) as connection:
        connection.sendall(b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + end + chunked)
        response = answer_of(connection)
        assert (response.status, is_filled(response.read())) == (200, True)


def test_the_connection_goes_on_after_an_offer(client):
    plain, offer = raw_post(client, FILES), offering(client, JAVA)
    probe = b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + JAVA + b"\r\n"
    with connect(client) as connection:
        for request in (offer, plain, offer, probe, plain):
            connection.sendall(request)
            response = answer_of(connection)
            assert response.status == 200
            answer = response.read()
            assert request is probe or is_filled(answer)


def test_requests_that_come_together_with_an_offer_are_all_answered(client):
    with connect(client) as connection:
        connection.sendall(
            offering(client, JAVA) + offering(client, JAVA) + raw_post(client, FILES)
        )
        for _ in range(3):
            response = answer_of(connection)
            assert (response.status, is_filled(response.read())) == (200, True)


def test_what_is_no_http_is_still_refused(client):
    with connect(client) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


# --- clients that read slowly or not at all -----------------------------------------------------

LARGE = {"image": file_of(noise(2000, 2000)), "mask": mask_file(box_hole(2000, 2000))}


def test_an_answer_that_nobody_reads_is_not_kept():
    with client_of(upload_idle_s=1) as client, socket.socket() as connection:
        connections = client.app.state.server.server_state.connections
        connection.settimeout(PATIENCE_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((client.base_url.host, client.base_url.port))
        port = connection.getsockname()[1]
        connection.sendall(raw_post(client, LARGE))
        wait_for(lambda: port in {kept.client[1] for kept in connections})
        wait_for(lambda: port not in {kept.client[1] for kept in connections})


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the kernel has no such limit")
def test_the_kernel_keeps_little_of_what_it_has_not_sent(client):
    with connect(client) as connection:
        kept = client.app.state.server.server_state.connections
        port = connection.getsockname()[1]
        wait_for(lambda: port in {one.client[1] for one in kept})
        (served,) = [one for one in kept if one.client[1] == port]
        own = served.transport.get_extra_info("socket")
        limit = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
        assert limit == UNSENT_BYTES

import asyncio
import socket

import pytest

from service.http.outflow import PIECE_BYTES, sending_within
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import client_of, raw_post, wait_for

FILES = {"image": file_of(noise(1500, 1500)), "mask": mask_file(box_hole(1500, 1500))}
SMALL = {"image": file_of(noise(8, 8))}


def test_a_client_that_never_reads_its_events_loses_its_place():
    with client_of(workers=1, queue_size=0, upload_idle_s=1) as client:
        client.headers["Accept"] = "text/event-stream"
        request = raw_post(client, FILES)
        client.headers["Accept"] = "*/*"
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((client.base_url.host, client.base_url.port))
            connection.sendall(request)
            admission = client.app.state.runtime.admission
            wait_for(lambda: admission.waiting + admission.working == 1)
            wait_for(lambda: admission.waiting + admission.working == 0)
            wait_for(lambda: client.post("/inpaint", files=SMALL).status_code == 200)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 1_398_104])
def test_a_part_of_a_stream_is_sent_in_pieces_that_a_slow_reader_reads_in_time(size):
    body = bytes(range(256)) * (size // 256 + 1)
    message = {"type": "http.response.body", "body": body[:size], "more_body": True}
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(sending_within(send, 20)(message))
    assert b"".join(piece["body"] for piece in sent) == body[:size]
    assert all(piece["more_body"] for piece in sent)
    assert max(len(piece["body"]) for piece in sent) <= PIECE_BYTES


def test_a_whole_answer_is_passed_on_at_once():
    message = {"type": "http.response.body", "body": bytes(10 * PIECE_BYTES), "more_body": False}
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(sending_within(send, 20)(message))
    assert sent == [message]

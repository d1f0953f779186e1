import socket

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

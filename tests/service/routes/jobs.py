"""Clients of jobs: they make one, wait for its end, and count what there is."""

import re

from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import wait_for

ASYNC = {"Prefer": "respond-async"}
SAMPLES = noise(40, 44)
HOLE = box_hole(40, 44)
FILES = {"image": file_of(SAMPLES), "mask": mask_file(HOLE)}
NOWHERE = "/jobs/" + 48 * "0"


def begin(client, files=FILES, headers=ASYNC, **fields) -> str:
    """Make a job; where it is."""
    response = client.post("/inpaint", files=files, data=fields, headers=ASYNC | headers)
    assert response.status_code == 202, response.text
    return response.headers["location"]


def ended(client, location: str, **headers: str) -> dict:
    """A job's state, once it has ended."""
    found: dict = {}

    def has_ended() -> bool:
        response = client.get(location, headers=headers)
        assert response.status_code == 200, response.text
        found.update(response.json())
        return found["state"] in ("done", "failed")

    wait_for(has_ended)
    return found


def metric(client, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(value)


def jobs_in(client) -> dict[str, float]:
    states = ("queued", "running", "done", "failed")
    return {state: metric(client, f'inpaint_jobs{{state="{state}"}}') for state in states}

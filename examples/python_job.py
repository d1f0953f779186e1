"""Fill one photo as a job, where a proxy cuts requests that take longer than it likes.

    python examples/python_job.py photo.jpg mask.png filled.png

INPAINT_URL names another server, INPAINT_KEY its key. Needs httpx.
"""

import os
import sys
import time
from pathlib import Path

import httpx

URL = os.environ.get("INPAINT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("INPAINT_KEY")


def inpaint(photo: Path, mask: Path) -> bytes:
    """Return the filled photo, a PNG file."""
    files = {"image": photo.read_bytes(), "mask": mask.read_bytes()}
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    with httpx.Client(base_url=URL, headers=headers) as client:
        answer = client.post("/inpaint", files=files, headers={"Prefer": "respond-async"})
        if answer.status_code == 202:  # else the server keeps no jobs: this is the photo already
            job = answer.headers["Location"]
            while (state := client.get(job).raise_for_status().json())["state"] in (
                "queued",
                "running",
            ):
                print(state["state"], state["progress"] or "", file=sys.stderr)
                time.sleep(1)
            answer = client.get(f"{job}/result")
            client.delete(job)
    if answer.is_error:
        problem = answer.json()  # application/problem+json
        sys.exit(f"{answer.status_code} {problem['title']}: {problem.get('detail', '')}")
    return answer.content


if __name__ == "__main__":
    photo, mask, filled = map(Path, sys.argv[1:])
    filled.write_bytes(inpaint(photo, mask))

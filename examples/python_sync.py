"""Fill the white parts of a mask in a photo.

    python examples/python_sync.py photo.jpg mask.png filled.png

INPAINT_URL names another server, INPAINT_KEY its key. Needs httpx.
"""

import os
import sys
from pathlib import Path

import httpx

URL = os.environ.get("INPAINT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("INPAINT_KEY")


def inpaint(photo: Path, mask: Path) -> bytes:
    """Return the filled photo, a PNG file."""
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    files = {"image": photo.read_bytes(), "mask": mask.read_bytes()}
    # A large photo takes its time: the server gives up after 120 s by itself.
    answer = httpx.post(f"{URL}/inpaint", files=files, headers=headers, timeout=130)
    if answer.is_error:
        problem = answer.json()  # application/problem+json
        sys.exit(f"{answer.status_code} {problem['title']}: {problem.get('detail', '')}")
    return answer.content


if __name__ == "__main__":
    photo, mask, filled = map(Path, sys.argv[1:])
    filled.write_bytes(inpaint(photo, mask))

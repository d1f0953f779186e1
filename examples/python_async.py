"""Fill many photos at once, and come back later where the server says that it is busy.

    python examples/python_async.py photos/ masks/ filled/

The mask of photos/cat.jpg is masks/cat.png; the filled photo becomes filled/cat.png.
INPAINT_URL names another server, INPAINT_KEY its key. Needs httpx.
"""

import asyncio
import os
import sys
from pathlib import Path

import httpx

URL = os.environ.get("INPAINT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("INPAINT_KEY")
AT_ONCE = 4
TRIES = 10
BUSY = {408, 429, 503}
PATIENCE_S = 300  # a key whose pixels of the day are spent would have to wait for the next day


async def inpaint(client: httpx.AsyncClient, photo: Path, mask: Path) -> bytes:
    """Return the filled photo, a PNG file."""
    files = {"image": photo.read_bytes(), "mask": mask.read_bytes()}
    for _ in range(TRIES):
        answer = await client.post("/inpaint", files=files)
        wait_s = float(answer.headers.get("Retry-After", 1))
        if answer.status_code not in BUSY or wait_s > PATIENCE_S:
            break
        await asyncio.sleep(wait_s)
    if answer.is_error:
        problem = answer.json()  # application/problem+json
        sys.exit(f"{photo}: {answer.status_code} {problem['title']}: {problem.get('detail', '')}")
    return answer.content


async def inpaint_folder(photos: Path, masks: Path, filled: Path) -> None:
    """Fill every photo of a folder, `AT_ONCE` at a time."""
    filled.mkdir(parents=True, exist_ok=True)
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    async with httpx.AsyncClient(base_url=URL, headers=headers, timeout=130) as client:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(photo: Path) -> None:
            async with places:
                picture = await inpaint(client, photo, masks / f"{photo.stem}.png")
            (filled / f"{photo.stem}.png").write_bytes(picture)

        await asyncio.gather(*(one(photo) for photo in sorted(photos.iterdir())))


if __name__ == "__main__":
    asyncio.run(inpaint_folder(*map(Path, sys.argv[1:])))

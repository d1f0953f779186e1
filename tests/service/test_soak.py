"""Mixed sizes and concurrency for half an hour: nothing lost, nothing mixed up, nothing leaked.

`SOAK_MINUTES` sets another duration.
"""

import os
import random
import threading
from collections import Counter
from itertools import count

import httpx
import numpy as np
import pytest

from service.settings import BUNDLED_MODEL
from tests.service.commands.test_serve import process
from tests.service.memory import resident_bytes
from tests.service.pictures import file_of, mask_file, noise, smooth

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SETTLING_SHARE = 1 / 6  # of the duration: five minutes of thirty
CLIENTS = 6
GROWTH = 1.05
SIDES = ((64, 64), (301, 517), (768, 512), (33, 1200), (1500, 2000))


def requests() -> list[dict[str, bytes]]:
    """Photos of mixed sizes with mixed holes; the larger, the fewer."""
    made = []
    for number, (height, width) in enumerate(SIDES):
        hole = np.zeros((height, width), np.bool_)
        hole[height // 4 : height // 4 + 30, width // 3 : width // 3 + 40] = True
        hole |= noise(height, width, 1, seed=number) > 254 if number % 2 else hole
        photo = smooth(height, width, seed=number)
        files = {"image": file_of(photo, ("PNG", "JPEG")[number % 2]), "mask": mask_file(hole)}
        made += [files] * (len(SIDES) - number)
    return made


@pytest.mark.long
def test_soak(capsys):
    engine = "onnx" if BUNDLED_MODEL.is_file() else "dummy"
    with process(engine=engine, queue_size="3") as (server, client):
        drain_output(server)
        files = requests()
        expected = [client.post("/inpaint", files=request).content for request in files]
        statuses: Counter[int] = Counter()
        wrong: list[int] = []
        stop = threading.Event()
        numbers = count()

        def ask() -> None:
            with httpx.Client(base_url=client.base_url, timeout=300, trust_env=False) as own:
                while not stop.is_set():
                    chosen = random.Random(next(numbers)).randrange(len(files))
                    response = own.post("/inpaint", files=files[chosen])
                    statuses[response.status_code] += 1
                    if response.status_code == 200 and response.content != expected[chosen]:
                        wrong.append(chosen)

        threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        stop.wait(60 * MINUTES * SETTLING_SHARE)
        settled = resident_bytes(server.pid)
        stop.wait(60 * MINUTES * (1 - SETTLING_SHARE))
        stop.set()
        for thread in threads:
            thread.join()
        final = resident_bytes(server.pid)
    with capsys.disabled():
        print(
            f"\nsoak: {MINUTES:g} min, statuses {dict(statuses)}, memory {settled / 2**20:.0f} MiB "
            f"settled, {final / 2**20:.0f} MiB in the end ({final / settled:.3f})"
        )
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] > 0
    assert wrong == []
    assert final <= GROWTH * settled


def drain_output(server) -> None:
    """Read what the server prints, so that it never waits for a reader."""
    threading.Thread(target=server.stdout.read, daemon=True).start()

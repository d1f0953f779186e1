"""Mixed sizes and concurrency for half an hour: nothing lost, nothing mixed up, nothing leaked.

`SOAK_MINUTES` sets another duration. The deadline is out of reach: whether a machine that is busy
with other things, or stands still for a while, answers in time is not what is asked here.
"""

import os
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count
from statistics import median

import httpx
import numpy as np
import pytest

from service.settings import BUNDLED_MODEL
from tests.service.commands.test_serve import process
from tests.service.memory import resident_bytes
from tests.service.pictures import file_of, mask_file, noise, smooth
from tests.service.servers import wait_for

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
PARTS = 6  # of the duration: the first is for settling, the second is compared with the last
SAMPLES = 30  # of the memory in each part; one alone depends on what is at work just then
CLIENTS = 6
GROWTH = 1.05
DEADLINE_S = 1800
SIDES = ((64, 64), (301, 517), (768, 512), (33, 1200), (1500, 2000))
AT_REST = ("queue_depth", "working", "lane_windows", "backlog_seconds")


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


def sampled(pid: int, stop: threading.Event) -> Iterator[float]:
    """The median of a process's memory in each part of the duration."""
    for _ in range(PARTS):
        samples = []
        for _ in range(SAMPLES):
            stop.wait(60 * MINUTES / PARTS / SAMPLES)
            samples.append(resident_bytes(pid))
        yield median(samples)


@pytest.mark.long
def test_soak(capsys):
    engine = "onnx" if BUNDLED_MODEL.is_file() else "dummy"
    settings = {"engine": engine, "queue_size": "3", "deadline_s": str(DEADLINE_S)}
    with process(**settings) as (server, client, _):
        files = requests()
        expected = [client.post("/inpaint", files=request).content for request in files]
        statuses: Counter[int] = Counter()
        wrong: list[int] = []
        seconds: list[float] = []
        stop = threading.Event()
        numbers = count()

        def ask() -> None:
            patience = 2 * DEADLINE_S
            with httpx.Client(base_url=client.base_url, timeout=patience, trust_env=False) as own:
                while not stop.is_set():
                    chosen = random.Random(next(numbers)).randrange(len(files))
                    response = own.post("/inpaint", files=files[chosen])
                    statuses[response.status_code] += 1
                    seconds.append(response.elapsed.total_seconds())
                    if response.status_code == 200 and response.content != expected[chosen]:
                        wrong.append(chosen)

        threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        _, settled, *_, final = sampled(server.pid, stop)
        stop.set()
        for thread in threads:
            thread.join()
        wait_for(lambda: not any(gauges(client.get("/metrics").text)))
    with capsys.disabled():
        print(
            f"\nsoak: {MINUTES:g} min, statuses {dict(statuses)}, half in {median(seconds):.1f} s, "
            f"all in {max(seconds):.1f} s, memory {settled / 2**20:.0f} MiB settled, "
            f"{final / 2**20:.0f} MiB in the end ({final / settled:.3f})"
        )
    assert set(statuses) <= {200, 429}
    assert statuses[200] > 0
    assert wrong == []
    assert final <= GROWTH * settled


def gauges(metrics: str) -> list[float]:
    """What a server at rest has none of."""
    names = "|".join(AT_REST)
    values = re.findall(rf"^inpaint_(?:{names}) (\S+)$", metrics, re.MULTILINE)
    assert len(values) == len(AT_REST)
    return [float(value) for value in values]

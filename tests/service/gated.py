"""An engine that runs when a test says so."""

import threading

from service.engine.dummy import DummyEngine
from tests.service.servers import PATIENCE_S, SIZES


class GatedEngine(DummyEngine):
    """Mean colour, but every run waits for its gate."""

    def __init__(self, *sizes: int, max_batch: int = 8) -> None:
        super().__init__(sizes or SIZES, max_batch)
        self.gate = threading.Semaphore(0)
        self.runs = 0

    def infer(self, images, holes):
        self.runs += 1
        assert self.gate.acquire(timeout=PATIENCE_S)
        return super().infer(images, holes)

    def open(self) -> None:
        self.gate.release(1000)

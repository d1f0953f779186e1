"""What is known about a request while it is worked on; it ends as one log line and as metrics."""

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from service.ticket import Ticket

SCOPE_KEY = "inpaint.record"
JOBS, MODEL = "/jobs/", "/model/"


class Timings:
    """Seconds by step, in the order in which the steps first began."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        """Add the time of the block to a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(step, time.perf_counter() - start)

    def add(self, step: str, seconds: float) -> None:
        """Add seconds to a step."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds

    def header(self) -> str:
        """The value of `Server-Timing`: milliseconds by step."""
        return ", ".join(f"{step};dur={s * 1e3:.2f}" for step, s in self.seconds.items())


@dataclass(slots=True)
class Record:
    """One request.

    Attributes:
        request_id: Sent by the client or made here.
        path: Path as the routes see it, without the `root_path` of a proxy.
        ticket: How long it may take.
        timings: Seconds by step.
        windows: How many windows ran.
        texture: What became of the photo's texture; None where no photo was answered.
        model: Name of the network that filled it, where there are several.
        problem: Slug of the problem it was answered with, if any.
        key: Name of the key that it came with, where there are keys.
    """

    request_id: str
    path: str
    ticket: Ticket
    timings: Timings = field(default_factory=Timings)
    windows: int = 0
    texture: str | None = None
    model: str | None = None
    problem: str | None = None
    key: str | None = None

    @property
    def route(self) -> str:
        """The path as logs and metrics tell it: without a job's id, which opens the job."""
        if self.path.startswith(MODEL):
            return f"{MODEL}{{name}}"
        if not self.path.startswith(JOBS):
            return self.path
        _, slash, rest = self.path.removeprefix(JOBS).partition("/")
        return f"{JOBS}{{id}}{slash}{rest}"

    def of_job(self) -> "Record":
        """The record of the job that this request makes; its time is the request's."""
        return Record(self.request_id, self.path, self.ticket, key=self.key)

    def told(self) -> dict[str, object]:
        """What a log line says of it, where there is something to say."""
        fields: dict[str, object] = {}
        if self.key:
            fields["key"] = self.key
        if self.problem:
            fields["problem"] = self.problem
        if self.timings.seconds:
            if self.model:
                fields["model"] = self.model
            fields["windows"] = self.windows
            fields["texture"] = self.texture
            fields["steps_ms"] = {
                step: round(s * 1e3, 2) for step, s in self.timings.seconds.items()
            }
        return fields


def record_of(scope: MutableMapping[str, Any]) -> Record:
    """The record of the request that an ASGI scope belongs to."""
    record: Record = scope[SCOPE_KEY]
    return record

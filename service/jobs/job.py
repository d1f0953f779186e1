"""One job: a photo that is filled while nobody waits."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from service.errors import ServiceError
from service.jobs.folder import Result
from service.queueing.place import Place
from service.record import Record

State = Literal["queued", "running", "done", "failed"]


@dataclass(eq=False, slots=True)
class Job:
    """What is known about a job from its request until it is forgotten.

    Attributes:
        id: Whoever knows it may see the job; with keys, only if the key is the one that made it.
        record: The request that made it, as its log line and its problem name it.
        place: Its place among the requests at work and waiting.
        result: Where the answer is kept.
        gone: Done when it has been cancelled.
        state: How far it is. There is no state for cancelled jobs: they are forgotten.
        progress: Steps done and steps in all, as events tell them; None until there is a plan.
        headers: Headers of the answer, once it is done.
        error: Why it failed.
        expires: When it will be forgotten, on the event loop's clock; None while it is at work.
        told: Whether its end has been told: the answer fetched, the failure shown.
        expiry: What forgets it then.
    """

    id: str
    record: Record
    place: Place
    result: Result
    gone: asyncio.Future[None]
    state: State = "queued"
    progress: tuple[int, int] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    error: ServiceError | None = None
    expires: float | None = None
    told: bool = False
    expiry: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> bool:
        """Whether it is done or has failed."""
        return self.state in ("done", "failed")

    def tell(self, done: int, total: int) -> None:
        """Take note of its progress. May be called from any thread."""
        self.progress = (done, total)

    def fail(self, error: ServiceError) -> None:
        """It has failed. The error is kept without the arrays that its traceback holds on to."""
        error.__traceback__ = error.__cause__ = error.__context__ = None
        self.error = error
        self.state = "failed"
        self.record.problem = error.slug

    def cancel(self) -> None:
        """Stop it, if it is not over: what is not begun is not done any more."""
        self.record.ticket.cancel()
        if not self.gone.done():
            self.gone.set_result(None)

"""What one request holds of the service, from its headers to its answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.errors import UploadStalled

GRACE_S = 2.0  # what a connection gets to come up to speed, before its rate says anything


class Place:
    """A place that is taken, and how fast the body of the request that holds it comes.

    Used from the event loop only.

    Args:
        clock: Seconds that only grow.
        holder: Name of the key that holds it, if there are keys.

    Attributes:
        holder: As given.
        kept: Whether it is held beyond its request.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, holder: str | None = None
    ) -> None:
        self.holder = holder
        self._clock = clock
        self._since = clock()
        self._received = 0
        self._complete = False
        self._loss: UploadStalled | None = None
        self._patience: asyncio.Timeout | None = None
        self.kept = False

    @property
    def rate(self) -> float:
        """Bytes a second so far; infinite as long as that says nothing, and once all have come."""
        age = self._clock() - self._since
        return float("inf") if self._complete or age <= GRACE_S else self._received / age

    @property
    def lost(self) -> bool:
        """Whether another request has got this place."""
        return self._loss is not None

    def receive(self, count: int, *, complete: bool) -> None:
        """So many bytes of the body have come; the last ones if it is complete."""
        self._received += count
        self._complete = complete

    def lose(self) -> None:
        """Another request gets this place: the upload ends as soon as it waits for more."""
        self._loss = UploadStalled(
            f"the body came at {self.rate:.0f} bytes a second, and others waited for its place"
        )
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def keep(self) -> None:
        """The place is held beyond its request, by a job, which gives it back."""
        self.kept = True

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[None]:
        """Wait in the block for more of the body.

        Raises:
            UploadStalled: the place has been lost.
        """
        if self._loss is not None:
            raise self._loss
        try:
            async with asyncio.timeout(None) as self._patience:
                yield
        except TimeoutError as error:
            raise self._loss or error from None
        finally:
            self._patience = None
        if self._loss is not None:  # lost in the very moment in which the rest came
            raise self._loss

"""One request's claim on the service: how long it may take, and whether anybody still waits."""

import threading
import time

from service.errors import ClientGone, DeadlinePassed


class Ticket:
    """Tells the steps of a request whether to go on. Thread safe.

    Attributes:
        deadline: When the request must be answered, on the clock of `time.monotonic`.
    """

    def __init__(self, allowed_s: float) -> None:
        self.allowed_s = allowed_s
        self.deadline = time.monotonic() + allowed_s
        self._gone = threading.Event()

    @property
    def remaining_s(self) -> float:
        """Seconds left, negative once the deadline has passed."""
        return self.deadline - time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether the work is still wanted."""
        return not self._gone.is_set() and self.remaining_s > 0

    def cancel(self) -> None:
        """The client has gone away: whatever is not begun is dropped."""
        self._gone.set()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            ClientGone: nobody waits for the answer any more.
            DeadlinePassed: the request's time is up.
        """
        if self._gone.is_set():
            raise ClientGone
        if self.remaining_s <= 0:
            raise self.passed()

    def passed(self) -> DeadlinePassed:
        """The error that says how long the request was allowed to take."""
        return DeadlinePassed(f"the request took longer than the {self.allowed_s:g} s allowed")

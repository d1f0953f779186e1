"""Ctrl-C and SIGTERM as a wish to stop, which leaves nothing half done."""

import signal
import threading
from types import FrameType
from typing import Any, Self

from service.ticket import Ticket

NO_DEADLINE_S = 1e6  # nobody waits behind a photo on disk; eleven days are enough


class Stop:
    """For the length of the block signals do not end the process: they cancel its tickets.

    A second signal interrupts all the same.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._tickets: set[Ticket] = set()
        self._before: dict[int, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self.signal != 0

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # others get no signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def ticket(self) -> Ticket:
        """A ticket without a deadline that a wish to stop cancels."""
        ticket = Ticket(NO_DEADLINE_S)
        self._tickets.add(ticket)
        if self.asked:  # it may have come before the ticket was in the set
            ticket.cancel()
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """A ticket is used up."""
        self._tickets.discard(ticket)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.signal = number
        for ticket in tuple(self._tickets):
            ticket.cancel()

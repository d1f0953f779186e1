"""Which threads go first where processors are scarce."""

import os
import sys
import threading
from typing import Literal

Rank = Literal["lane", "worker"]

LOWER_BY: dict[Rank, int] = {"lane": 2, "worker": 5}
"""How much nicer threads are than the event loop's.

Workers stand back behind the lane too: decoding and encoding then take what is left of the
processors between and beside the runs, instead of stretching every run."""


def stand_back(rank: Rank) -> None:
    """Let this thread stand back behind the one that answers probes and refusals.

    A server that is busy to the last processor must still say so at once. On Linux niceness belongs
    to a thread; elsewhere nothing is done.
    """
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        niceness = min(19, os.getpriority(os.PRIO_PROCESS, thread) + LOWER_BY[rank])
        os.setpriority(os.PRIO_PROCESS, thread, niceness)

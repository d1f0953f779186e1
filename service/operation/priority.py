"""Which threads go first where processors are scarce."""

import os
import sys
import threading

LOWER_BY = 5


def yield_to_event_loop() -> None:
    """Let this thread stand back behind the one that answers probes and refusals.

    A server that is busy to the last processor must still say so at once. On Linux niceness belongs
    to a thread; elsewhere nothing is done.
    """
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        niceness = min(19, os.getpriority(os.PRIO_PROCESS, thread) + LOWER_BY)
        os.setpriority(os.PRIO_PROCESS, thread, niceness)

"""Where a server is in its life, and what that means for requests and for readiness."""

from collections.abc import Callable
from enum import Enum

from service.errors import Unavailable


class Stage(Enum):
    """The stages of a server's life, in order."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """The stage, and the question whether the engine is stuck.

    Args:
        stuck: Says whether the run under way has taken longer than any request is allowed.
        retry_s: After how many seconds a client that was refused may try again.
    """

    def __init__(self, stuck: Callable[[], bool], retry_s: float = 5.0) -> None:
        self._stage = Stage.STARTING
        self._stuck = stuck
        self._retry_s = retry_s

    @property
    def stage(self) -> Stage:
        """The stage now."""
        return self._stage

    @property
    def draining(self) -> bool:
        """Whether the server is stopping."""
        return self._stage is Stage.DRAINING

    @property
    def stuck(self) -> bool:
        """Whether the engine hangs; only a restart helps."""
        return self._stuck()

    @property
    def ready(self) -> bool:
        """Whether a balancer should send requests here."""
        return self._stage is Stage.READY and not self.stuck

    def warmed(self) -> None:
        """The engine is warm: requests are welcome, unless the server is already stopping."""
        if self._stage is Stage.STARTING:
            self._stage = Stage.READY

    def drain(self) -> None:
        """Take no more requests; those accepted are finished."""
        self._stage = Stage.DRAINING

    def check_accepting(self) -> None:
        """Check that requests are taken now.

        Raises:
            Unavailable: starting, draining, or stuck.
        """
        if self._stage is Stage.STARTING:
            raise Unavailable("the model is still being warmed up", self._retry_s)
        if self._stage is Stage.DRAINING:
            raise Unavailable("the service is stopping; another instance may answer", self._retry_s)
        if self.stuck:
            raise Unavailable("the model does not respond", self._retry_s)

"""A clock that stands still until a test moves it."""


class Clock:
    """Seconds, as `time.monotonic` counts them."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now

"""A key, by whose name it is told of, and what it may ask for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may ask for; None is no limit.

    Attributes:
        concurrency: Requests and jobs at work or waiting at once.
        requests_per_minute: Requests that are let in within any 60 seconds.
        pixels_per_day: Pixels of the photos that are answered in a day (UTC).
    """

    concurrency: int | None = None
    requests_per_minute: int | None = None
    pixels_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key.

    Attributes:
        secret: What a client sends.
        name: What logs and metrics call it, which never tell the secret.
        limits: What it may ask for.
    """

    secret: str = field(repr=False)
    name: str
    limits: Limits = Limits()

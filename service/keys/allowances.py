"""What each key has asked for so far, and whether it may ask for more."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.errors import PixelsSpent, Retryable, TooManyAtOnce, TooManyPixels, TooManyRequests
from service.keys.key import Key, Limits

MINUTE_S = 60.0
DAY_S = 86400


@dataclass(slots=True)
class _Account:
    """What one key has asked for.

    Attributes:
        limits: What it may.
        requests: When it was let in, within the last minute.
        day: The day, counted from 1970 in UTC, that `pixels` are of.
        pixels: What it has spent, photos under way included.
    """

    limits: Limits
    requests: deque[float] = field(default_factory=deque)
    day: int = 0
    pixels: int = 0


class Allowances:
    """Holds the limits of all keys. Used from the event loop only.

    Args:
        keys: The keys there are. What comes without a key has no limits.
        clock: Seconds that only grow.
        calendar: Seconds since 1970, for days.
        on_refusal: Told the key's name and the limit that was reached.
        on_pixels: Told the key's name and the pixels of a photo that was answered.
    """

    def __init__(
        self,
        keys: Iterable[Key],
        *,
        clock: Callable[[], float] = time.monotonic,
        calendar: Callable[[], float] = time.time,
        on_refusal: Callable[[str, str], None] = lambda name, limit: None,
        on_pixels: Callable[[str, int], None] = lambda name, pixels: None,
    ) -> None:
        self._accounts = {key.name: _Account(key.limits) for key in keys}
        self.clock = clock
        self.calendar = calendar
        self._on_refusal = on_refusal
        self._on_pixels = on_pixels

    def check(self, name: str | None, at_once: int, wait_s: float) -> None:
        """Check, before a body is read, that a key may ask for one more photo.

        Args:
            name: The key's name.
            at_once: How many requests and jobs of the key there are already.
            wait_s: In about how many seconds one of them will have ended.

        Raises:
            TooManyAtOnce, TooManyRequests, PixelsSpent: it may not; says when it may.
        """
        if name is None:
            return
        account, limits = self._accounts[name], self._accounts[name].limits
        if limits.concurrency is not None and at_once >= limits.concurrency:
            raise self._refusal(
                name,
                "concurrency",
                TooManyAtOnce(
                    f"the key {name} has {at_once} requests or jobs under way and may have "
                    f"{limits.concurrency} at once; try again when one has ended",
                    wait_s,
                ),
            )
        now = self.clock()
        while account.requests and account.requests[0] <= now - MINUTE_S:
            account.requests.popleft()
        most = limits.requests_per_minute
        if most is not None and len(account.requests) >= most:
            left_s = account.requests[0] + MINUTE_S - now
            raise self._refusal(
                name,
                "requests_per_minute",
                TooManyRequests(
                    f"the key {name} may send {most} requests a minute; the next one is welcome "
                    f"in {left_s:.0f} s",
                    left_s,
                ),
            )
        self._check_pixels(name, 1)

    def count(self, name: str | None) -> None:
        """A request that was checked has been let in."""
        if name is not None and self._accounts[name].limits.requests_per_minute is not None:
            self._accounts[name].requests.append(self.clock())

    @contextmanager
    def spending(self, name: str | None, pixels: int) -> Iterator[None]:
        """Count a photo's pixels in the block; given back if the photo is not answered.

        Raises:
            PixelsSpent: they are more than are left of the day's.
            TooManyPixels: they are more than the key may send on any day.
        """
        if name is None:
            yield
            return
        self._check_pixels(name, pixels)
        account = self._accounts[name]
        account.pixels += pixels
        day = account.day
        try:
            yield
        except BaseException:
            if account.day == day:
                account.pixels -= pixels
            raise
        self._on_pixels(name, pixels)

    def _check_pixels(self, name: str, pixels: int) -> None:
        account = self._accounts[name]
        now = self.calendar()
        if (day := int(now // DAY_S)) != account.day:
            account.day, account.pixels = day, 0
        most = account.limits.pixels_per_day
        if most is None or account.pixels + pixels <= most:
            return
        if pixels > most:
            raise TooManyPixels(
                f"the image has {pixels} pixels, more than the {most} that the key {name} may "
                "send in a day; send a smaller one"
            )
        left_s = (day + 1) * DAY_S - now
        raise self._refusal(
            name,
            "pixels_per_day",
            PixelsSpent(
                f"the key {name} may send photos of {most} pixels a day, and "
                f"{most - account.pixels} are left; the next day begins at 00:00 UTC, in "
                f"{left_s:.0f} s",
                left_s,
            ),
        )

    def _refusal(self, name: str, limit: str, refusal: Retryable) -> Retryable:
        self._on_refusal(name, limit)
        return refusal

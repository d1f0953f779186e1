import pytest

from service.errors import PixelsSpent, TooManyAtOnce, TooManyPixels, TooManyRequests
from service.keys.allowances import DAY_S, Allowances
from service.keys.key import Key, Limits
from tests.service.clock import Clock

NOON = 20_000 * DAY_S + DAY_S / 2


class Held:
    """Allowances of one key whose clocks a test moves."""

    def __init__(self, **limits: int) -> None:
        self.clock, self.calendar = Clock(), Clock(NOON)
        self.refused: list[tuple[str, str]] = []
        self.answered: list[tuple[str, int]] = []
        self.allowances = Allowances(
            [Key("s", "shop", Limits(**limits)), Key("t", "other")],
            clock=self.clock,
            calendar=self.calendar,
            on_refusal=lambda *told: self.refused.append(told),
            on_pixels=lambda *told: self.answered.append(told),
        )

    def ask(self, at_once: int = 0, name: str | None = "shop") -> None:
        self.allowances.check(name, at_once, 7.0)
        self.allowances.count(name)

    def spend(self, pixels: int, name: str | None = "shop") -> None:
        with self.allowances.spending(name, pixels):
            pass


def retry_after(refusal) -> int:
    return int(refusal.value.headers["Retry-After"])


def test_without_limits_anything_goes():
    held = Held()
    for name in ("shop", "other", None):
        for at_once in range(100):
            held.ask(at_once, name)
            held.spend(10**9, name)
    assert held.refused == []


def test_concurrency():
    held = Held(concurrency=2)
    held.ask(1)
    with pytest.raises(TooManyAtOnce, match=r"shop has 2 .* may have 2 at once") as refusal:
        held.ask(2)
    assert retry_after(refusal) == 7
    held.ask(2, "other")
    assert held.refused == [("shop", "concurrency")]


def test_requests_within_any_minute():
    held = Held(requests_per_minute=2)
    held.ask()
    held.clock.now = 40
    held.ask()
    held.clock.now = 59
    for _ in range(3):  # what is refused does not count
        with pytest.raises(TooManyRequests, match="2 requests a minute") as refusal:
            held.ask()
        assert retry_after(refusal) == 1
    held.clock.now = 60
    held.ask()
    with pytest.raises(TooManyRequests) as refusal:
        held.ask()
    assert retry_after(refusal) == 40
    held.ask(name="other")


def test_pixels_of_a_day():
    held = Held(pixels_per_day=100)
    held.spend(60)
    with pytest.raises(PixelsSpent, match="100 pixels a day, and 40 are left") as refusal:
        held.spend(41)
    assert retry_after(refusal) == DAY_S / 2
    held.spend(40)
    with pytest.raises(PixelsSpent):
        held.ask()  # nothing is left: not even a body is read
    held.calendar.now = NOON + DAY_S / 2  # midnight
    held.ask()
    held.spend(100)
    assert held.answered == [("shop", 60), ("shop", 40), ("shop", 100)]


def test_pixels_of_photos_that_are_not_answered_are_given_back():
    held = Held(pixels_per_day=100)

    def fail_after(meanwhile) -> None:
        with held.allowances.spending("shop", 100):
            meanwhile()
            raise KeyError

    def find_none_left() -> None:
        with pytest.raises(PixelsSpent):
            held.spend(1)

    def spend_70_of_the_next_day() -> None:
        held.calendar.now += DAY_S
        held.spend(70)

    with pytest.raises(KeyError):
        fail_after(find_none_left)
    held.spend(100)
    held.calendar.now += DAY_S
    with pytest.raises(KeyError):
        fail_after(spend_70_of_the_next_day)  # which has nothing to give back
    with pytest.raises(PixelsSpent, match="30 are left"):
        held.spend(31)


def test_a_photo_that_no_day_has_pixels_for_need_not_come_again():
    held = Held(pixels_per_day=100)
    with pytest.raises(TooManyPixels, match="101 pixels, more than the 100"):
        held.spend(101)

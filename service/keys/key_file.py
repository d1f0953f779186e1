"""The file that holds the keys: one a line, and behind it what holds for it.

# the key          its name   its limits, each of which may be left out
8fJw3kTq1x         name=shop  concurrency=2 requests_per_minute=60 pixels_per_day=500M
another-key
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path

from service.keys.key import Key, Limits

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
COUNT = re.compile(r"(\d[\d_]*)([kMG]?)")
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
LIMITS = tuple(limit.name for limit in fields(Limits))


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line says; the name may be missing."""

    secret: str
    name: str | None = None
    limits: Limits = field(default_factory=Limits)


def read_keys(plain: tuple[str, ...], file: Path | None) -> tuple[Key, ...]:
    """All keys: those given without a file, then those of the file.

    Keys without a name are called `key-1`, `key-2` and so on, by their place among all.

    Raises:
        ValueError: the file cannot be read, says what makes no sense, or holds no key; or a key or
            name is there twice. Tells the line, and never a key.
    """
    lines = [_Line(secret) for secret in plain]
    if file is not None:
        from_file = list(_lines_of(file))
        if not from_file:
            raise ValueError(f"{file} holds no key: nobody could ask for anything")
        lines += from_file
    keys = tuple(
        Key(line.secret, line.name or f"key-{number}", line.limits)
        for number, line in enumerate(lines, 1)
    )
    _check_alone("name", [key.name for key in keys], keys)
    _check_alone("key", [key.secret for key in keys], keys)
    return keys


def _check_alone(what: str, values: list[str], keys: tuple[Key, ...]) -> None:
    for at, value in enumerate(values):
        if (first := values.index(value)) != at:
            raise ValueError(f"the keys {first + 1} and {at + 1} ({keys[at].name}) have one {what}")


def _lines_of(file: Path) -> Iterator[_Line]:
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is no text in UTF-8") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            try:
                yield _read(words)
            except ValueError as error:
                raise ValueError(f"line {number} of {file}: {error}") from None


def _read(words: list[str]) -> _Line:
    secret, *rest = words
    said: dict[str, str] = {}
    for word in rest:
        if word.startswith("#"):
            break
        what, equals, value = word.partition("=")
        if not equals:  # not shown: it may be a part of a key
            raise ValueError(
                "behind the key there may be words such as name=shop or concurrency=2 only"
            )
        if what not in ("name", *LIMITS):
            near = get_close_matches(what, ("name", *LIMITS), 1)
            hint = f"did you mean {near[0]}? There" if near else "there"
            raise ValueError(f"{hint} are name, {', '.join(LIMITS)}")
        if what in said:
            raise ValueError(f"{what} is there twice")
        said[what] = value
    name = said.pop("name", None)
    if name is not None and not NAME.fullmatch(name):
        raise ValueError("a name is 1 to 64 letters, digits and . _ -")
    limits = {what: _count(what, value) for what, value in said.items()}
    return _Line(secret, name, Limits(**limits))


def _count(what: str, value: str) -> int:
    found = COUNT.fullmatch(value)
    count = int(found[1]) * UNITS[found[2]] if found else 0
    if count < 1:
        raise ValueError(f"{what} is a whole number above 0, such as 60, 500_000, 20k, 500M or 2G")
    return count

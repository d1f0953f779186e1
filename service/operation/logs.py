"""Logs on standard output: one JSON object a line for machines, or text for people."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

STANDARD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
UVICORN_FIELDS = frozenset({"color_message"})


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Send everything to standard output in one style."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, extra fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **extra_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """Time, level, message, and the extra fields as `key=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The record's first line."""
        fields = " ".join(f"{key}={_word(value)}" for key, value in extra_fields(record).items())
        return f"{super().formatMessage(record)} {fields}".rstrip()


def _word(value: object) -> str:
    """A value in one line, whatever a client put into it."""
    text = str(value)
    return text if text.isprintable() else repr(text)


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """What the caller added to a record with `extra=`."""
    known = STANDARD_FIELDS | UVICORN_FIELDS
    return {key: value for key, value in record.__dict__.items() if key not in known}

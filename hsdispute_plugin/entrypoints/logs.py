"""Logs as JSON lines on standard error: events by name, case numbers, never the payer's words or contact, at no level.

Three walls: our own code logs codes and numbers only; whatever still looks like a phone, card or account number is masked here;
of what other packages log, and of unforeseen errors, only the place is kept, since their words may be a payer's.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import orjson

from hsdispute_plugin.errors import trace_of
from hsdispute_plugin.forms_privacy import conceal
from hsdispute_plugin.logger import Logger, configure_with

LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}
#: Numbers by which people find a case; they may look like a card's.
_NUMBERS = frozenset({"case_no", "ticket_no", "key", "edition", "before", "in_force", "level", "timestamp", "event"})
_WARNING = re.compile(r"([^/\s]+:\d+): (\w+):")
_log = Logger(__name__)


def configure(usual: str = "info") -> None:
    """Set up the logs of this process; ``HSDISPUTE_LOG_LEVEL`` changes the level. Also catches what nobody caught.

    Uvicorn's own access log stays off: it would show query strings.
    """
    name = os.environ.get("HSDISPUTE_LOG_LEVEL", "").lower() or usual
    known = name in LEVELS
    name = name if known else usual
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Foreign())
    logging.basicConfig(handlers=[handler], level=max(LEVELS[name], logging.WARNING) if name != "debug" else logging.DEBUG,
                        force=True)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a handler that fails would print the record, words and all
    stream = _Patient(sys.stderr)
    configure_with(lambda: _configure(LEVELS[name], stream))
    if not known:
        _log.warning("unknown_log_level", variable="HSDISPUTE_LOG_LEVEL", known=list(LEVELS), instead=usual)
    sys.excepthook = lambda _kind, error, _trace: _log.error("uncaught", error=trace_of(error))
    threading.excepthook = lambda told: _log.error(
        "uncaught", thread=told.thread.name if told.thread else "",
        error=trace_of(told.exc_value) if told.exc_value else told.exc_type.__name__)


def _configure(level: int, stream: _Patient) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _no_words,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, stream)),
    )


def _no_words(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if error := event.pop("exc_info", None):
        error = sys.exc_info()[1] if error is True else error[1] if isinstance(error, tuple) else error
        event["error"] = trace_of(error) if isinstance(error, BaseException) else "unknown"
    return {key: value if key in _NUMBERS else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return conceal(value)
    if isinstance(value, BaseException):
        return trace_of(value)
    if isinstance(value, Mapping):
        return {str(k): _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(v) for v in value]
    return value if value is None or isinstance(value, bool | int | float) else type(value).__name__


class _Patient:
    """A stream on which a line that cannot be written is lost: work does not stop because the disk of the logs is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Foreign(logging.Formatter):
    """What another package logs: who, where, and the first line of its wording before any value was put in."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a JSON line like our own."""
        error = record.exc_info[1] if record.exc_info else None
        said, place = str(record.msg).partition("\n")[0], f"{record.filename}:{record.lineno}"
        if record.name == "py.warnings" and (warned := _WARNING.search(record.getMessage())):
            place, said = warned.groups()
        told = {
            "logger": record.name, "place": place, "event": conceal(said)[:200], "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            **({"error": trace_of(error)} if error else {}),
        }
        return orjson.dumps(told).decode()

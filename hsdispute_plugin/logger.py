"""Loggers that cost nothing until something is logged: most commands say nothing, and structlog is slow to load."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_lock = threading.Lock()
_pending: list[Callable[[], None]] = []


class Logger:
    """A structlog logger by its name; a line is an event's name and its values, never the words of a payer."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        import structlog

        ready()
        return getattr(structlog.get_logger(self._name), method)


def configure_with(configure: Callable[[], None]) -> None:
    """Have structlog configured before the first line is logged, ours or a plugin's."""
    with _lock:
        _pending[:] = [configure]


def ready() -> None:
    """Configure structlog now, before code of others may log by it."""
    if _pending:
        with _lock:  # nobody logs a line before it is known how
            if _pending:
                _pending[0]()
                _pending.clear()

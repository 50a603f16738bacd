"""The plugin inside a host's own process: the entry point of group ``hsdispute`` and plain values for the host's fields."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from hsdispute_plugin import app
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Decision, Ticket
from hsdispute_plugin.rules.holder import RulebookHolder
from hsdispute_plugin.rules.rulebook import Rulebook


class _Book:
    """The rule book in force, first opened at the first ticket: a host loads plugins long before it has one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: RulebookHolder | None = None

    def get(self) -> Rulebook:
        with self._lock:
            if self._holder is None:
                self._holder = RulebookHolder(app.config_directory(), app.open_rulebook, time.monotonic)
        return self._holder.rulebook()


_book = _Book()


@hookimpl
def hsdispute_decide(ticket: Ticket, now: datetime) -> Decision:
    """Decide by the edition in force of the configuration that ``HSDISPUTE_CONFIG`` names, or of the shipped one.

    Raises:
        RulebookError, EditionRefused: The configuration is broken; the host creates the ticket undecided.
    """
    return _book.get().decide(ticket, now)


def ticket(**values: Any) -> Ticket:
    """Return a ticket of plain values (``ticket_no``, ``title``, ``content``, …)."""
    return Ticket.model_validate(values)


def fields(decision: Decision) -> dict[str, Any]:
    """Return what should stand in the host's fields: lead, helpers, category, handling, basis, due_at, note.

    ``handling`` is 一般事项, 重大疑难事项 or 不属本机制.
    """
    from hsdispute_plugin.desk import write_back  # here: hosts and the command line load plugins long before they decide

    result = write_back(f"in-process-{decision.edition}", decision, _book.get().source)
    handling = {"告知移送": "不属本机制", "重大疑难": "重大疑难事项"}.get(result.handling, "一般事项")
    return {
        "lead": result.lead, "helpers": list(result.helpers), "category": result.category, "handling": handling,
        "basis": result.basis, "due_at": result.due_at, "note": result.note,
    }

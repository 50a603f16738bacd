"""The plugin inside a host's own process: the entry point of group ``hsdispute`` and plain values for the host's fields."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from functools import partial
from typing import Any

from hsdispute_plugin import app
from hsdispute_plugin.app_platforms import platform_settings
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Decision, Ticket
from hsdispute_plugin.rules.holder import RulebookHolder


class _Books:
    """The rule books of this process, opened at the first ticket: a host loads plugins long before it has one.

    The one value that outlives a call, since the host calls functions of a module, not a thing that we gave it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: RulebookHolder | None = None

    def get(self) -> RulebookHolder:
        with self._lock:
            if self._holder is None:
                make = partial(app.open_rulebook, plugins=app.open_plugins())
                self._holder = RulebookHolder(app.config_directory(), make, time.monotonic)
            return self._holder


_books = _Books()


@hookimpl
def hsdispute_decide(ticket: Ticket, now: datetime) -> Decision:
    """Decide by the edition in force of the configuration that ``HSDISPUTE_CONFIG`` names, or of the shipped one.

    Raises:
        RulebookError, EditionRefused, PluginRefused: The configuration or a plugin is broken; the host creates the ticket
            undecided.
    """
    return _books.get().rulebook().decide(ticket, now)


def ticket(**values: Any) -> Ticket:
    """Return a ticket of plain values (``ticket_no``, ``title``, ``content``, …)."""
    return Ticket.model_validate(values)


def fields(decision: Decision, platform: str) -> dict[str, Any]:
    """Return what should stand in the host's fields: lead, helpers, category, handling, basis, due_at, note.

    Units and handling are in the words of 单位名称 and 办理类型 of ``platforms/<platform>.yaml``. ``lead`` is empty and
    ``due_at`` is ``None`` where the decision has none; ``due_at`` is aware.

    Raises:
        RulebookError: The platform file is wrong.
    """
    # Imported here: hosts and the command line load plugins long before they decide.
    from hsdispute_plugin.adapters.mapping import PlatformFile
    from hsdispute_plugin.desk_standing import write_back

    file = PlatformFile(platform_settings(platform, app.config_directory()))
    words = file.host_words()
    file.done()
    result = write_back(f"in-process-{decision.edition}", decision, _books.get().rulebook().source)
    values = words.values(result)
    return {
        "lead": values["主办"], "helpers": values["协办"], "category": values["类别"], "handling": values["办理"],
        "basis": values["依据"], "due_at": values["时限"], "note": result.note,
    }

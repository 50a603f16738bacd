"""From a host's hint to an accepted case: events are kept first, then fetched, decided and accepted one ticket at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from hsdispute_plugin.desk import Desk
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import HostEvent, Platform
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import EventRow, Store

MAX_FAULTS = 5  # tries at a ticket that breaks our own code, before it is set aside for a person
LONGEST_WAIT_S = 600.0
_log = structlog.get_logger(__name__)


class Reception:
    """Keeps events and works them off. ``book`` gives the rule book in force; ``clock`` the aware present."""

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], desk: Desk, book: Callable[[], Rulebook], plugins: Plugins,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._platforms, self._desk, self._book = store, platforms, desk, book
        self._plugins, self._clock = plugins, clock

    def keep(self, platform: str, event: HostEvent) -> bool:
        """Record an event durably; ``False`` when it is known. After this returns, the host may be told 202."""
        with self._store.begin() as tx:
            return tx.add_event(platform, event.event_id, event.ticket_no, event.kind, self._clock())

    def poll(self, name: str) -> int:
        """Ask a platform what changed since the last time; return how many events were new.

        Raises:
            DeliveryDelayed, DeliveryRefused: The platform did not answer as it should; nothing is forgotten.
        """
        with self._store.begin() as tx:
            cursor = tx.cursor(name)
        events, after = self._platforms[name].changed(cursor)
        now, new = self._clock(), 0
        with self._store.begin() as tx:
            for event in events:
                new += tx.add_event(name, event.event_id, event.ticket_no, event.kind, now)
            if after != cursor:
                tx.set_cursor(name, after)
        return new

    def work_off(self, limit: int = 50) -> int:
        """Fetch, decide and accept the tickets of due events; return how many events were settled or put off.

        Called by one thread of one process at a time per store, so that a ticket has one worker.
        """
        with self._store.begin() as tx:
            rows = tx.due_events(self._clock(), limit)
        for row in rows:
            self._work(row)
        return len(rows)

    def _work(self, row: EventRow) -> None:
        platform = self._platforms.get(row.platform)
        if platform is None:
            return self._settle(row, "failed", f"没有配置平台 “{row.platform}”")
        try:
            given = platform.fetch(row.ticket_no)
            case, decision = self._desk.accept(row.platform, given, self._book(), self._clock())
        except DeliveryDelayed as err:
            return self._settle(row, "waiting", str(err))
        except DeliveryRefused as err:
            return self._settle(row, "failed", str(err))
        except Exception as err:  # one ticket that breaks the code must not stop the others
            _log.error("ticket_set_aside", platform=row.platform, ticket_no=row.ticket_no, error=type(err).__name__)
            return self._settle(row, "failed" if row.attempts + 1 >= MAX_FAULTS else "waiting", f"程序出错：{type(err).__name__}")
        self._settle(row, "done", "")
        if decision is not None:
            _log.info("accepted", case_no=case.case_no, track=decision.track.value, lead=decision.lead, edition=decision.edition)
            self._plugins.decided(given.ticket, decision)
        return None

    def _settle(self, row: EventRow, state: str, error: str) -> None:
        now = self._clock()
        wait = timedelta(seconds=min(LONGEST_WAIT_S, 2.0 * 2**row.attempts))
        with self._store.begin() as tx:
            tx.settle_event(row.id, state, now, next_at=now + wait if state == "waiting" else None, error=error)

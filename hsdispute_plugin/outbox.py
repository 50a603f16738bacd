"""What must still reach a host or people, until it has: leases, backoff, dead letters; the table is the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hsdispute_plugin.case import Case
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, place_of, trace_of
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.hooks.platform import Notice, Platform, WriteBack
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_lanes import Pace
from hsdispute_plugin.store_leases import Hands
from hsdispute_plugin.store_rows import OutboxRow

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
LONGEST_PAUSE_S = 60.0  # a host that is down is tried by one row at least so often
LONGEST_ASKED_S = 3600.0  # a host that asks for a longer pause than this is asked again anyway
MAX_FAULTS = 8  # tries at a row that fails in our own code, before a person must look
_log = Logger(__name__)


class Outbox:
    """Delivers what is due. ``clock`` gives the aware present, ``jitter`` a number from 0 to 1.

    ``paper`` gives a paper's file name and .docx by its id, ``notify`` gives a notice to the plugins.
    """

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], clock: Callable[[], datetime], jitter: Callable[[], float],
        paper: Callable[[int], tuple[str, bytes]], notify: Callable[[Notice], None], paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self._store, self._platforms, self._clock, self._jitter = store, platforms, clock, jitter
        self._paper, self._notify, self._paces = paper, notify, paces or {}
        self._hands = Hands()

    def deliver_due(self, name: str, owner: str, limit: int = 1) -> tuple[str, ...]:
        """Claim a platform's due rows and deliver them one after another; tell how each ended: done, queued again or dead.

        ``owner`` names the process that holds the lease.
        """
        now = self._clock()
        with self._hands.claiming():
            with self._store.begin() as tx:
                rows = tx.claim(name, owner, now, limit, self._pace(name))
            self._hands.take(row.id for row in rows)
        try:
            return tuple(self._deliver(row, owner) for row in rows)
        finally:
            self._hands.put_down(row.id for row in rows)

    def regain(self, owner: str) -> None:
        """Make free again what this process holds and no thread of it delivers: the database did not take how it ended.

        Such a row may stand in the host already: the adapter looks before it writes.
        """
        with self._hands.seen() as in_hand, self._store.begin() as tx:
            lost = tx.give_back(owner, in_hand)
        if lost:
            _log.warning("rows_regained", rows=lost)

    def _deliver(self, row: OutboxRow, owner: str) -> str:
        try:
            self._send(row)
        except DeliveryDelayed as err:
            return self._end(row, owner, "queued", self._unsaid(row, err), wait_s=err.retry_after_s, down=err.host_down)
        except DeliveryRefused as err:
            return self._end(row, owner, "dead", self._unsaid(row, err))
        except Exception as err:  # a fault of ours or of an adapter: never lost, never a crash loop
            _log.error("delivery_fault", key=row.key, attempts=row.attempts + 1, error=trace_of(err))
            state = "dead" if row.attempts + 1 >= MAX_FAULTS else "queued"
            return self._end(row, owner, state, f"程序出错：{place_of(err)}")
        return self._end(row, owner, "done", "")

    def _send(self, row: OutboxRow) -> None:
        if row.kind == "notice":
            self._notify(Notice.from_payload(row.payload))
            return
        with self._store.begin() as tx:
            before = tx.last_done(row.platform, row.ticket_no)
        previous = WriteBack.from_payload(before) if before else None
        files = dict(self._paper(number) for number in row.payload.get("papers", ()))
        result = replace(WriteBack.from_payload(row.payload), files=files)
        self._platforms[row.platform].write_back(row.ticket_no, result, previous)

    def _unsaid(self, row: OutboxRow, error: Exception) -> str:
        """Return an error's sentence without the payer's words, which a host may have echoed."""
        with self._store.begin() as tx:
            case = tx.case_by(row.case_no)
        if case is None:
            return Identity().unsaid(str(error))
        ticket = Ticket.model_validate(case.ticket)
        return Identity.of(ticket, Case.from_json(case.file) if case.file else None).unsaid(str(error))

    def _end(
        self, row: OutboxRow, owner: str, state: str, error: str, wait_s: float | None = None, *, down: bool = False
    ) -> str:
        now = self._clock()
        own_s = self._backoff_s(row.attempts, LONGEST_WAIT_S)
        wait = timedelta(seconds=own_s if wait_s is None else max(0.0, min(wait_s, LONGEST_ASKED_S)))
        with self._store.begin() as tx:
            tx.settle(row.id, owner, state, now, next_at=now + wait if state == "queued" else None, error=error)
            if not down:
                tx.host_answered(row.platform)
            elif (over := tx.host_failed(row.platform, now) - self._pace(row.platform).failures) >= 0:
                tx.leave_alone(row.platform, now + timedelta(seconds=self._backoff_s(over, LONGEST_PAUSE_S)))
        if state != "done":
            _log.warning("delivery_" + state, key=row.key, platform=row.platform, attempts=row.attempts + 1, error=error)
        return state

    def _pace(self, name: str) -> Pace:
        return self._paces.get(name, Pace())

    def _backoff_s(self, times: int, longest_s: float) -> float:
        wait: float = min(longest_s, FIRST_WAIT_S * 2 ** min(times, 30))
        return wait * (0.5 + self._jitter() / 2)

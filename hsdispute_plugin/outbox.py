"""What must still reach a host or people, until it has: leases, backoff, dead letters; the table is the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, place_of
from hsdispute_plugin.hooks.platform import Notice, Platform, WriteBack
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_rows import OutboxRow

LEASE = timedelta(minutes=10)  # longer than a delivery may take, every call of it running into its timeout
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
LONGEST_ASKED_S = 3600.0  # a host that asks for a longer pause than this is asked again anyway
MAX_FAULTS = 8  # tries at a row that fails in our own code, before a person must look
_log = structlog.get_logger(__name__)


class Outbox:
    """Delivers what is due. ``clock`` gives the aware present, ``jitter`` a number from 0 to 1.

    ``paper`` gives a paper's file name and .docx by its id, ``notify`` gives a notice to the plugins.
    """

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], clock: Callable[[], datetime], jitter: Callable[[], float],
        paper: Callable[[int], tuple[str, bytes]], notify: Callable[[Notice], None],
    ) -> None:
        self._store, self._platforms, self._clock, self._jitter = store, platforms, clock, jitter
        self._paper, self._notify = paper, notify

    def deliver_due(self, name: str, owner: str, limit: int = 1) -> tuple[str, ...]:
        """Claim a platform's due rows and deliver them one after another; tell how each ended: done, queued again or dead.

        ``owner`` names the thread that holds the lease; it delivers its rows within ``LEASE``.
        """
        now = self._clock()
        with self._store.begin() as tx:
            rows = tx.claim(name, owner, now, now + LEASE, limit)
        return tuple(self._deliver(row, owner) for row in rows)

    def _deliver(self, row: OutboxRow, owner: str) -> str:
        try:
            self._send(row)
        except DeliveryDelayed as err:
            return self._end(row, owner, "queued", str(err), wait_s=err.retry_after_s)
        except DeliveryRefused as err:
            return self._end(row, owner, "dead", str(err))
        except Exception as err:  # a fault of ours or of an adapter: never lost, never a crash loop
            _log.error("delivery_fault", key=row.key, attempts=row.attempts + 1, error=place_of(err))
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

    def _end(self, row: OutboxRow, owner: str, state: str, error: str, wait_s: float | None = None) -> str:
        now = self._clock()
        wait = timedelta(seconds=self._wait_s(row.attempts) if wait_s is None else max(0.0, min(wait_s, LONGEST_ASKED_S)))
        with self._store.begin() as tx:
            tx.settle(row.id, owner, state, now, next_at=now + wait if state == "queued" else None, error=error)
        if state != "done":
            _log.warning("delivery_" + state, key=row.key, platform=row.platform, attempts=row.attempts + 1, error=error)
        return state

    def _wait_s(self, attempts: int) -> float:
        longest: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts, 30))
        return longest * (0.5 + self._jitter() / 2)

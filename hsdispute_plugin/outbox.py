"""What must still reach a host, until it has: leases, backoff, dead letters; the queue only wakes, the table is the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import Platform, WriteBack
from hsdispute_plugin.store import OutboxRow, Store

LEASE = timedelta(minutes=10)  # longer than a batch of deliveries may take
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
MAX_FAULTS = 8  # tries at a row that fails in our own code, before a person must look
_log = structlog.get_logger(__name__)


class Outbox:
    """Delivers due write-backs. ``clock`` gives the aware present, ``jitter`` a number from 0 to 1."""

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], clock: Callable[[], datetime], jitter: Callable[[], float],
    ) -> None:
        self._store, self._platforms, self._clock, self._jitter = store, platforms, clock, jitter

    def deliver_due(self, owner: str, limit: int = 4) -> dict[str, int]:
        """Claim due rows and deliver them one after another; return how many ended as done, queued again or dead."""
        now = self._clock()
        with self._store.begin() as tx:
            rows = tx.claim(owner, now, now + LEASE, limit)
        ended: dict[str, int] = {}
        for row in rows:
            state = self._deliver(row, owner)
            ended[state] = ended.get(state, 0) + 1
        return ended

    def _deliver(self, row: OutboxRow, owner: str) -> str:
        platform = self._platforms.get(row.platform)
        if platform is None:
            return self._end(row, owner, "dead", f"没有配置平台 “{row.platform}”，请检查 config/platforms")
        with self._store.begin() as tx:
            before = tx.last_done(row.platform, row.ticket_no)
        try:
            previous = WriteBack.from_payload(before) if before else None
            platform.write_back(row.ticket_no, WriteBack.from_payload(row.payload), previous)
        except DeliveryDelayed as err:
            return self._end(row, owner, "queued", str(err), wait_s=err.retry_after_s)
        except DeliveryRefused as err:
            return self._end(row, owner, "dead", str(err))
        except Exception as err:  # a fault of ours or of an adapter: never lost, never a crash loop
            _log.error("delivery_fault", key=row.key, attempts=row.attempts + 1, error=type(err).__name__)
            state = "dead" if row.attempts + 1 >= MAX_FAULTS else "queued"
            return self._end(row, owner, state, f"程序出错：{type(err).__name__}")
        return self._end(row, owner, "done", "")

    def _end(self, row: OutboxRow, owner: str, state: str, error: str, wait_s: float | None = None) -> str:
        now = self._clock()
        wait = timedelta(seconds=wait_s if wait_s is not None else self._wait_s(row.attempts))
        with self._store.begin() as tx:
            tx.settle(row.id, owner, state, now, next_at=now + wait if state == "queued" else None, error=error)
        if state != "done":
            _log.warning("delivery_" + state, key=row.key, platform=row.platform, attempts=row.attempts + 1, error=error)
        return state

    def _wait_s(self, attempts: int) -> float:
        longest: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempts)
        return longest * (0.5 + self._jitter() / 2)

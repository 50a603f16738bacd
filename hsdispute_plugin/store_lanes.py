"""What waits for somebody: host events to be worked off, write-backs and notices to be delivered; leases, pace, lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_keys import SealBroken
from hsdispute_plugin.store_rows import TAKING, EventRow, FailedEvent, OutboxRow
from hsdispute_plugin.store_sealing import SealedTables

CHANNEL = "hsdispute"  # PostgreSQL's NOTIFY: the payload is the platform whose threads should look
BURST_S = 1.0  # a lane that was idle may catch up so much of its pace at once


@dataclass(frozen=True, slots=True)
class Pace:
    """How a host is to be treated: rows a second (0: no limit), rows at once (0: no limit), failures until it is left alone."""

    per_second: float = 0.0
    at_once: int = 0
    failures: int = 5


class LaneTables(SealedTables):
    """The part of a transaction that hands out work. A row is leased to a process until it ends it, or is dead."""

    _several: bool

    # -- events -----------------------------------------------------------------------------------------------------

    def add_event(
        self, platform: str, event_id: str, ticket_no: str, kind: str, now: datetime, ticket: str = "",
    ) -> bool:
        """Record a host event, with the ticket where the host hands it over; ``False`` when it is known already.

        One that failed is taken up again: the host repeats it.
        """
        c = schema.events.c
        insert = postgresql.insert if self._several else sqlite.insert
        sealed = self._seal_text(c.ticket, (platform, event_id), ticket) if ticket else None
        by = self._sealed_by() if ticket else schema.NOTHING
        added = self._c.execute(insert(schema.events).execution_options(preserve_rowcount=True).values(
            platform=platform, event_id=event_id, ticket_no=ticket_no, kind=kind, state="waiting", attempts=0, crashes=0,
            next_at=now, received_at=now, ticket=sealed, sealed_by=by,
        ).on_conflict_do_nothing(index_elements=[c.platform, c.event_id]))
        if added.rowcount == 1:
            self._tell(platform)
            return True
        again = self._c.execute(schema.events.update().where(
            c.platform == platform, c.event_id == event_id, c.state == "failed",
        ).values(state="waiting", attempts=0, crashes=0, next_at=now, **({"ticket": sealed, "sealed_by": by} if ticket else {})))
        return again.rowcount == 1

    def claim_events(self, platform: str, owner: str, now: datetime, limit: int) -> list[EventRow]:
        """Lease a platform's due events to ``owner``, oldest first.

        A ticket that was handed over waits for those handed over before it, or an old one would come to stand last.
        """
        c, earlier = schema.events.c, schema.events.alias("earlier")
        first = sa.or_(c.ticket.is_(None), ~sa.exists().where(
            earlier.c.platform == c.platform, earlier.c.ticket_no == c.ticket_no, earlier.c.id < c.id,
            earlier.c.state.in_(("waiting", "claimed"))))
        chosen = sa.select(c.id, c.platform, c.event_id, c.ticket_no, c.kind, c.attempts, c.crashes, c.ticket).where(
            c.platform == platform, c.state == "waiting", c.next_at <= now, first).order_by(c.id).limit(limit)
        if self._several:
            chosen = chosen.with_for_update(skip_locked=True, of=schema.events)
        found: list[EventRow] = []
        for row in self._c.execute(chosen).all():
            try:
                found.append(EventRow(*row[:7], self._handed(row.platform, row.event_id, row.ticket)))
            except SealBroken as err:  # a person must look at this one; the others go on
                self._c.execute(schema.events.update().where(c.id == row.id).values(state="failed", error=str(err)))
        if found:
            self._c.execute(schema.events.update().where(c.id.in_([row.id for row in found])).values(
                state="claimed", lease_owner=owner))
        return found

    def begin_alone(self, event_id: int) -> None:
        """Count that an event in whose hands a process died is begun once more, with no other in its way.

        ``crashes`` thus counts how often this one was begun and not ended; its neighbours of that time stay at 1.
        """
        c = schema.events.c
        self._c.execute(schema.events.update().where(c.id == event_id).values(crashes=c.crashes + 1))

    def settle_event(
        self, event_id: int, owner: str, state: str, now: datetime, *, next_at: datetime | None = None, error: str = ""
    ) -> None:
        """Mark a leased event ``done`` (what was handed over goes), ``failed``, or ``waiting`` again until ``next_at``."""
        c = schema.events.c
        kept = {"ticket": None, "sealed_by": schema.NOTHING} if state == "done" else {}
        self._c.execute(schema.events.update().where(c.id == event_id, c.lease_owner == owner, c.state == "claimed").values(
            state=state, next_at=next_at or now, error=error or None, attempts=c.attempts + 1, crashes=0,
            lease_owner=None, **kept))

    def _handed(self, platform: str, event_id: str, ticket: bytes | None) -> str:
        return self._open_text(schema.events.c.ticket, (platform, event_id), ticket) if ticket else ""

    def failed_events(self, limit: int | None = None) -> list[FailedEvent]:
        """Return the tickets that a person must look at, oldest first."""
        c = schema.events.c
        chosen = sa.select(c.id, c.platform, c.ticket_no, c.attempts, sa.func.coalesce(c.error, ""), c.received_at)
        return [FailedEvent(*row) for row in self._c.execute(chosen.where(c.state == "failed").order_by(c.id).limit(limit))]

    def retry_event(self, event_id: int, now: datetime) -> bool:
        """Take a failed event up again; ``False``: there is no failed one of this number."""
        c = schema.events.c
        done = self._c.execute(schema.events.update().where(c.id == event_id, c.state == "failed").values(
            state="waiting", attempts=0, crashes=0, next_at=now, error=None))
        return bool(done.rowcount)

    # -- outbox -----------------------------------------------------------------------------------------------------

    def add_outbox(
        self, key: str, case_no: str, platform: str, ticket_no: str, payload: Mapping[str, Any], now: datetime,
        kind: str = "result",
    ) -> None:
        """Queue a write-back, or with another ``kind`` a notice."""
        self._c.execute(schema.outbox.insert(), {
            "key": key, "case_no": case_no, "platform": platform, "ticket_no": ticket_no, "kind": kind, "state": "queued",
            "attempts": 0, "next_at": now, "created_at": now,
            "payload": self._seal_json(schema.outbox.c.payload, (key,), payload), "sealed_by": self._sealed_by()})
        self._tell(platform)

    def claim(
        self, platform: str, owner: str, now: datetime, limit: int, pace: Pace = Pace()
    ) -> list[OutboxRow]:
        """Lease a platform's due rows to ``owner``; a row waits until the ticket's earlier rows are done or dead.

        Fewer than ``limit``, or none, where the host's pace, or a pause after failures, allows no more now.
        """
        limit = self._allowed(platform, now, limit, pace)
        if not limit:
            return []
        o, earlier = schema.outbox.c, schema.outbox.alias("earlier")
        first = ~sa.exists().where(
            earlier.c.platform == o.platform, earlier.c.ticket_no == o.ticket_no, earlier.c.id < o.id,
            earlier.c.state.in_(("queued", "claimed")))
        chosen = sa.select(*_OUTBOX_COLUMNS).where(
            o.platform == platform, o.state == "queued", o.next_at <= now, first).order_by(o.next_at, o.id).limit(limit)
        if self._several:
            chosen = chosen.with_for_update(skip_locked=True, of=schema.outbox)
        rows: list[OutboxRow] = []
        for row in self._c.execute(chosen).all():
            try:
                rows.append(self._outbox_row(row))
            except SealBroken as err:  # a person must look at this one; the others go on
                self._c.execute(schema.outbox.update().where(o.id == row.id).values(state="dead", error=str(err)))
        if rows:
            self._c.execute(schema.outbox.update().where(o.id.in_([r.id for r in rows])).values(
                state="claimed", lease_owner=owner, attempts=o.attempts + 1))
            if pace.per_second:
                lane = schema.lanes.c
                spent = self._lane(platform, now)[0] + timedelta(seconds=len(rows) / pace.per_second)
                self._c.execute(schema.lanes.update().where(lane.platform == platform).values(paced_to=spent))
        return rows

    def settle(
        self, row_id: int, owner: str, state: str, now: datetime, *, next_at: datetime | None = None, error: str = ""
    ) -> bool:
        """Mark a leased row ``done``, ``dead`` or ``queued`` again; ``False`` when the lease went to another meanwhile."""
        done = self._c.execute(schema.outbox.update().where(
            schema.outbox.c.id == row_id, schema.outbox.c.lease_owner == owner, schema.outbox.c.state == "claimed",
        ).values(state=state, next_at=next_at or now, error=error or None, lease_owner=None,
                 done_at=now if state == "done" else None))
        return bool(done.rowcount)

    def host_answered(self, platform: str) -> None:
        """Note that a host answered, whatever it said: it is not down."""
        lane = schema.lanes.c
        self._c.execute(schema.lanes.update().where(lane.platform == platform, lane.failures > 0).values(
            failures=0, closed_until=None))

    def host_failed(self, platform: str, now: datetime) -> int:
        """Note that a host did not answer; return how often in a row."""
        lane, failures = schema.lanes.c, self._lane(platform, now)[1] + 1
        self._c.execute(schema.lanes.update().where(lane.platform == platform).values(failures=failures))
        return failures

    def leave_alone(self, platform: str, until: datetime) -> None:
        """Hand out no row of a host until a moment; then one row is tried alone."""
        lane = schema.lanes.c
        self._c.execute(schema.lanes.update().where(lane.platform == platform).values(closed_until=until))

    def resend(self, key: str, now: datetime) -> bool:
        """Queue a dead row again, or take a failed event up again; ``False``: there is none of this key."""
        if key.startswith(TAKING):
            number = key.removeprefix(TAKING)
            return number.isdecimal() and self.retry_event(int(number), now)
        o = schema.outbox.c
        done = self._c.execute(schema.outbox.update().where(o.key == key, o.state == "dead").values(
            state="queued", attempts=0, next_at=now, error=None))
        return bool(done.rowcount)

    def last_done(self, platform: str, ticket_no: str) -> Mapping[str, Any] | None:
        """Return the payload of the last write-back that stands in the host's ticket."""
        o = schema.outbox.c
        stands = (o.platform == platform, o.ticket_no == ticket_no, o.kind == "result", o.state == "done")
        row = self._c.execute(sa.select(o.key, o.payload).where(*stands).order_by(o.id.desc()).limit(1)).first()
        found: Mapping[str, Any] | None = self._open_json(o.payload, (row.key,), row.payload) if row else None
        return found

    def outbox(
        self, states: Sequence[str] = ("queued", "claimed", "dead"), limit: int | None = None, *, key: str = "",
        words: bool = True,
    ) -> list[OutboxRow]:
        """Return rows in these states, oldest first, or the one of a key; without ``words`` their payloads are left empty."""
        o = schema.outbox.c
        chosen = sa.select(*_OUTBOX_COLUMNS).where(o.state.in_(states), *([o.key == key] if key else [])).order_by(o.id)
        return [self._outbox_row(row, words=words) for row in self._c.execute(chosen.limit(limit))]

    def _outbox_row(self, row: sa.Row[Any], *, words: bool = True) -> OutboxRow:
        payload = self._open_json(schema.outbox.c.payload, (row.key,), row.payload) if words else {}
        return OutboxRow(**{**row._mapping, "payload": payload})

    # -- how much there is ------------------------------------------------------------------------------------------

    def depths(self) -> dict[str, int]:
        """Count outbox rows by state, and events that wait or failed."""
        rows = dict.fromkeys(("queued", "claimed", "done", "dead", "events", "failed_events"), 0)
        for state, count in self._c.execute(sa.select(schema.outbox.c.state, sa.func.count()).group_by(schema.outbox.c.state)):
            rows[state] = int(count)
        e = schema.events.c
        for state, count in self._c.execute(
                sa.select(e.state, sa.func.count()).where(e.state != "done").group_by(e.state)):
            rows["failed_events" if state == "failed" else "events"] += int(count)
        return rows

    def unfinished(self) -> dict[str, int]:
        """Count, by platform, the events and write-backs that still wait."""
        e, o, found = schema.events.c, schema.outbox.c, dict[str, int]()
        for column, state, waits in (
                (e.platform, e.state, ("waiting", "claimed")), (o.platform, o.state, ("queued", "claimed"))):
            for platform, count in self._c.execute(sa.select(column, sa.func.count()).where(state.in_(waits)).group_by(column)):
                found[platform] = found.get(platform, 0) + int(count)
        return found

    def lanes(self, now: datetime) -> dict[str, tuple[int, datetime | None]]:
        """Return by platform how often in a row it did not answer, and until when it is left alone (``None``: it is not)."""
        lane = schema.lanes.c
        return {name: (int(failures), until if until and until > now else None) for name, failures, until in
                self._c.execute(sa.select(lane.platform, lane.failures, lane.closed_until))}

    # -- how hosts are treated --------------------------------------------------------------------------------------

    def _lane(self, platform: str, now: datetime) -> tuple[datetime, int, datetime | None]:
        lane = schema.lanes.c
        chosen = sa.select(lane.paced_to, lane.failures, lane.closed_until).where(lane.platform == platform)
        if (row := self._c.execute(chosen.with_for_update()).first()) is None:
            insert = (postgresql.insert if self._several else sqlite.insert)(schema.lanes)
            self._c.execute(insert.values(platform=platform, paced_to=now - timedelta(seconds=BURST_S), failures=0)
                            .on_conflict_do_nothing(index_elements=[lane.platform]))
            row = self._c.execute(chosen.with_for_update()).one()
        return max(row[0], now - timedelta(seconds=BURST_S)), row[1], row[2]

    def _allowed(self, platform: str, now: datetime, limit: int, pace: Pace) -> int:
        paced_to, failures, closed_until = self._lane(platform, now)
        if closed_until and closed_until > now:
            return 0
        if pace.per_second:
            limit = min(limit, int((now - paced_to).total_seconds() * pace.per_second + 1e-6))
        down = failures >= pace.failures
        if pace.at_once or down:  # a host that was down is tried by one row alone
            o = schema.outbox.c
            busy = self._c.scalar(sa.select(sa.func.count()).where(
                o.platform == platform, o.state == "claimed")) or 0
            limit = min(limit, max(0, (1 if down else pace.at_once) - busy))
        return max(0, limit)

    def _tell(self, platform: str) -> None:
        if self._several:  # heard at the commit
            self._c.execute(sa.select(sa.func.pg_notify(CHANNEL, platform)))


_OUTBOX_COLUMNS = tuple(schema.outbox.c[name] for name in OutboxRow.__dataclass_fields__)

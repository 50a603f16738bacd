"""What waits to be told: write-backs and notices, one lane for each ticket, each host at its own pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_events import OUTBOX, EventTables
from hsdispute_plugin.store_keys import SealBroken
from hsdispute_plugin.store_rows import TAKING, OutboxRow
from hsdispute_plugin.store_statements import insert_new

BURST_S = 1.0  # a lane that was idle may catch up so much of its pace at once


@dataclass(frozen=True, slots=True)
class Pace:
    """How a host is to be treated: rows a second (0: no limit), rows at once (0: no limit), failures until it is left alone."""

    per_second: float = 0.0
    at_once: int = 0
    failures: int = 5


class LaneTables(EventTables):
    """The part of a transaction that hands out what is to be told. A row is leased to a process until it ends it, or is dead."""

    # -- outbox -----------------------------------------------------------------------------------------------------

    def add_outbox(
        self, key: str, case_no: str, platform: str, ticket_no: str, payload: Mapping[str, Any], now: datetime,
        kind: str = "result",
    ) -> None:
        """Queue a write-back, or with another ``kind`` a notice."""
        self._c.execute(_ADD, {
            "key": key, "case_no": case_no, "platform": platform, "ticket_no": ticket_no, "kind": kind, "state": "queued",
            "attempts": 0, "next_at": now, "created_at": now,
            "payload": self._seal_json(schema.outbox.c.payload, (key,), payload), "sealed_by": self._sealed_by()})
        self._tell(OUTBOX, platform)

    def claim(
        self, platform: str, owner: str, now: datetime, limit: int, pace: Pace = Pace()
    ) -> list[OutboxRow]:
        """Lease a platform's due rows to ``owner``; a row waits until the ticket's earlier rows are done or dead.

        Fewer than ``limit``, or none, where the host's pace, or a pause after failures, allows no more now.
        """
        limit = self._allowed(platform, now, limit, pace)
        if not limit:
            return []
        given = {"platform_": platform, "now_": now, "limit_": limit}
        rows: list[OutboxRow] = []
        for row in self._c.execute(_DUE_HERE if self._several else _DUE, given).all():
            try:
                rows.append(self._outbox_row(row))
            except SealBroken as err:  # a person must look at this one; the others go on
                self._c.execute(schema.outbox.update().where(_O.id == row.id).values(state="dead", error=str(err)))
        if rows:
            self._c.execute(_CLAIM, {"ids_": [r.id for r in rows], "owner_": owner})
            if pace.per_second:
                lane = schema.lanes.c
                spent = self._lane(platform, now)[0] + timedelta(seconds=len(rows) / pace.per_second)
                self._c.execute(schema.lanes.update().where(lane.platform == platform).values(paced_to=spent))
        return rows

    def settle(
        self, row_id: int, owner: str, state: str, now: datetime, *, next_at: datetime | None = None, error: str = ""
    ) -> bool:
        """Mark a leased row ``done``, ``dead`` or ``queued`` again; ``False`` when the lease went to another meanwhile."""
        done = self._c.execute(_SETTLE, {
            "id_": row_id, "owner_": owner, "state": state, "next_at": next_at or now, "error": error or None,
            "done_at": now if state == "done" else None})
        return bool(done.rowcount)

    def host_answered(self, platform: str) -> None:
        """Note that a host answered, whatever it said: it is not down."""
        self._c.execute(_ANSWERED, {"platform_": platform})

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
        chosen = {"platform_": platform}
        if (row := self._c.execute(_LANE, chosen).first()) is None:
            self._c.execute(insert_new(schema.lanes, self._several), {
                "platform": platform, "paced_to": now - timedelta(seconds=BURST_S), "failures": 0})
            row = self._c.execute(_LANE, chosen).one()
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


_OUTBOX_COLUMNS = tuple(schema.outbox.c[name] for name in OutboxRow.__dataclass_fields__)
#: Statements asked with every row, made once: to build one takes longer than to ask it.
_O, _EARLIER, _LANES = schema.outbox.c, schema.outbox.alias("earlier"), schema.lanes.c
_ADD = schema.outbox.insert()
_DUE = sa.select(*_OUTBOX_COLUMNS).where(
    _O.platform == sa.bindparam("platform_"), _O.state == "queued", _O.next_at <= sa.bindparam("now_"),
    ~sa.exists().where(_EARLIER.c.platform == _O.platform, _EARLIER.c.ticket_no == _O.ticket_no, _EARLIER.c.id < _O.id,
                       _EARLIER.c.state.in_(("queued", "claimed"))),
).order_by(_O.next_at, _O.id).limit(sa.bindparam("limit_", type_=sa.Integer))
_DUE_HERE = _DUE.with_for_update(skip_locked=True, of=schema.outbox)
_CLAIM = schema.outbox.update().where(_O.id.in_(sa.bindparam("ids_", expanding=True))).values(
    state="claimed", lease_owner=sa.bindparam("owner_"), attempts=_O.attempts + 1)
_SETTLE = schema.outbox.update().where(
    _O.id == sa.bindparam("id_"), _O.lease_owner == sa.bindparam("owner_"), _O.state == "claimed",
).values(state=sa.bindparam("state"), next_at=sa.bindparam("next_at"), error=sa.bindparam("error"), lease_owner=None,
         done_at=sa.bindparam("done_at"))
_LANE = sa.select(_LANES.paced_to, _LANES.failures, _LANES.closed_until).where(
    _LANES.platform == sa.bindparam("platform_")).with_for_update()
_ANSWERED = schema.lanes.update().where(_LANES.platform == sa.bindparam("platform_"), _LANES.failures > 0).values(
    failures=0, closed_until=None)

"""What hosts told us and nobody has worked off yet: each event kept once, leased to one process, ended or set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_keys import SealBroken
from hsdispute_plugin.store_rows import EventRow, FailedEvent, NewEvent
from hsdispute_plugin.store_sealing import SealedTables
from hsdispute_plugin.store_statements import insert_new

CHANNEL = "hsdispute"  # PostgreSQL's NOTIFY: "events roundup" or "outbox roundup", whose threads should look
EVENTS, OUTBOX = "events", "outbox"


class EventTables(SealedTables):
    """The part of a transaction that keeps events and hands them out. One is leased to a process until it ends it, or is dead."""

    _several: bool
    _told: set[str]

    def add_events(self, given: Sequence[NewEvent], now: datetime) -> list[bool]:
        """Record host events in the order given; ``False`` for one that is known already.

        One that failed is taken up again: the host repeats it. What is new is kept by one statement however many there are.
        """
        if len(given) > 1:
            with self._c.begin_nested() as point:
                if self._c.execute(self._new_ones(), [self._event_values(e, now) for e in given]).rowcount == len(given):
                    for platform in dict.fromkeys(e.platform for e in given):
                        self._tell(EVENTS, platform)
                    return [True] * len(given)
                point.rollback()  # some are known: which, only one after another tells
        return [self._add_event(e, now) for e in given]

    def _add_event(self, given: NewEvent, now: datetime) -> bool:
        c, values = schema.events.c, self._event_values(given, now)
        if self._c.execute(self._new_ones(), values).rowcount == 1:
            self._tell(EVENTS, given.platform)
            return True
        handed = {name: values[name] for name in ("ticket", "sealed_by")} if given.ticket else {}
        again = self._c.execute(schema.events.update().where(
            c.platform == given.platform, c.event_id == given.event_id, c.state == "failed",
        ).values(state="waiting", attempts=0, crashes=0, next_at=now, **handed))
        return again.rowcount == 1

    def _new_ones(self) -> sa.Insert:
        return insert_new(schema.events, self._several, _E.platform, _E.event_id)

    def _event_values(self, given: NewEvent, now: datetime) -> dict[str, Any]:
        key = given.platform, given.event_id
        return {
            "platform": given.platform, "event_id": given.event_id, "ticket_no": given.ticket_no, "kind": given.kind,
            "state": "waiting", "attempts": 0, "crashes": 0, "next_at": now, "received_at": now,
            "ticket": self._seal_text(schema.events.c.ticket, key, given.ticket) if given.ticket else None,
            "sealed_by": self._sealed_by() if given.ticket else schema.NOTHING}

    def claim_events(self, platform: str, owner: str, now: datetime, limit: int) -> list[EventRow]:
        """Lease a platform's due events to ``owner``, oldest first.

        A ticket that was handed over waits for those handed over before it, or an old one would come to stand last.
        """
        given = {"platform_": platform, "now_": now, "limit_": limit}
        found: list[EventRow] = []
        for row in self._c.execute(_DUE_HERE if self._several else _DUE, given).all():
            try:
                found.append(EventRow(*row[:7], self._handed(row.platform, row.event_id, row.ticket)))
            except SealBroken as err:  # a person must look at this one; the others go on
                self._c.execute(schema.events.update().where(_E.id == row.id).values(state="failed", error=str(err)))
        if found:
            self._c.execute(_CLAIM, {"ids_": [row.id for row in found], "owner_": owner})
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
        self._c.execute(_END if state == "done" else _SETTLE, {
            "id_": event_id, "owner_": owner, "state": state, "next_at": next_at or now, "error": error or None})

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

    def _tell(self, what: str, platform: str) -> None:
        """Let threads of other processes look: ``EVENTS`` or ``OUTBOX`` of a platform. Heard at the commit: once is enough."""
        told = f"{what} {platform}"
        if self._several and told not in self._told:
            self._told.add(told)
            self._c.execute(_TELL, {"payload_": told})


#: Statements asked with every ticket, made once: to build one takes longer than to ask it.
_E, _EARLIER = schema.events.c, schema.events.alias("earlier")
_FIRST = sa.or_(_E.ticket.is_(None), ~sa.exists().where(
    _EARLIER.c.platform == _E.platform, _EARLIER.c.ticket_no == _E.ticket_no, _EARLIER.c.id < _E.id,
    _EARLIER.c.state.in_(("waiting", "claimed"))))
_DUE = sa.select(_E.id, _E.platform, _E.event_id, _E.ticket_no, _E.kind, _E.attempts, _E.crashes, _E.ticket).where(
    _E.platform == sa.bindparam("platform_"), _E.state == "waiting", _E.next_at <= sa.bindparam("now_"), _FIRST,
).order_by(_E.id).limit(sa.bindparam("limit_", type_=sa.Integer))
_DUE_HERE = _DUE.with_for_update(skip_locked=True, of=schema.events)
_CLAIM = schema.events.update().where(_E.id.in_(sa.bindparam("ids_", expanding=True))).values(
    state="claimed", lease_owner=sa.bindparam("owner_"))
_SETTLE = schema.events.update().where(
    _E.id == sa.bindparam("id_"), _E.lease_owner == sa.bindparam("owner_"), _E.state == "claimed",
).values(state=sa.bindparam("state"), next_at=sa.bindparam("next_at"), error=sa.bindparam("error"), attempts=_E.attempts + 1,
         crashes=0, lease_owner=None)
_END = _SETTLE.values(ticket=None, sealed_by=schema.NOTHING)
_TELL = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("payload_", type_=sa.String)))

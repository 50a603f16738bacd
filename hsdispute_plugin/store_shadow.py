"""What is kept of 试算: which edition is tried beside the one in force, and what both said of each ticket. No payer data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_statements import upsert

LONGEST_FAULT = 200  # characters, as the table keeps


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """One 试算. ``units`` and ``towns`` (by spaces) and ``share`` say of which tickets the candidate really decides."""

    id: int
    candidate: str
    live: str  # in force when it began
    share: int
    units: str
    towns: str
    began_at: datetime
    began_by: str
    why: str
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None
    outcome: str | None = None  # stopped, promoted; None: it goes on
    report: str | None = None


@dataclass(frozen=True, slots=True)
class ShadowTicket:
    """What both editions said of one ticket's last version, as JSON of codes. ``says`` is ``None`` where they said the same.

    ``fault``: where the candidate failed; then it said nothing.
    """

    shadow: int
    case_no: str
    at: datetime
    live: str
    decided_by: str
    live_says: str
    says: str | None = None
    fault: str | None = None


class ShadowTables:
    """The part of a transaction that reads and writes what is tried beside the edition in force."""

    _c: sa.Connection
    _several: bool

    def running_shadow(self, *, held: bool = False) -> ShadowRow | None:
        """Return the 试算 that goes on; ``held``: whoever ends it waits for the end of this transaction."""
        row = self._c.execute(_HELD_RUNNING if held else _RUNNING).first()
        return ShadowRow(*row) if row else None

    def shadow(self, number: int) -> ShadowRow | None:
        """Return one 试算."""
        row = self._c.execute(sa.select(*_COLUMNS).where(schema.shadows.c.id == number)).first()
        return ShadowRow(*row) if row else None

    def shadows(self) -> list[ShadowRow]:
        """Return all of them, newest first, without their reports."""
        columns = [sa.null() if c is schema.shadows.c.report else c for c in _COLUMNS]
        return [ShadowRow(*row) for row in self._c.execute(sa.select(*columns).order_by(schema.shadows.c.id.desc()))]

    def begin_shadow(self, begun: ShadowRow) -> int:
        """Begin one (its ``id`` is given here); the transaction fails when another one goes on."""
        values = {f.name: getattr(begun, f.name) for f in fields(begun) if f.name != "id"}
        added = self._c.execute(schema.shadows.insert().values(running=True, **values))
        assert added.inserted_primary_key
        return int(added.inserted_primary_key[0])

    def end_shadow(self, number: int, outcome: str, now: datetime, who: str, why: str, report: str) -> bool:
        """End one with its report; ``False`` when it had ended before."""
        s = schema.shadows
        done = self._c.execute(s.update().where(s.c.id == number, s.c.running.is_(True)).values(
            running=None, outcome=outcome, ended_at=now, ended_by=who, ended_why=why, report=report))
        return bool(done.rowcount)

    def note_shadow(self, row: ShadowTicket) -> bool:
        """Keep what was said of a ticket, replacing what was said of an earlier version; ``False``: it could not be kept.

        Under a savepoint: whatever the database says to this, what else the transaction holds stays.
        """
        try:
            with self._c.begin_nested():
                self._c.execute(upsert(schema.shadow_tickets, self._several), {f.name: getattr(row, f.name) for f in fields(row)})
        except sa.exc.DBAPIError:
            return False
        return True

    def shadow_ticket(self, number: int, case_no: str) -> ShadowTicket | None:
        """Return what was said of one ticket."""
        t = schema.shadow_tickets
        row = self._c.execute(sa.select(*t.c).where(t.c.shadow == number, t.c.case_no == case_no)).first()
        return ShadowTicket(*row) if row else None

    def shadow_tickets(self, number: int) -> Iterator[ShadowTicket]:
        """Yield what was said of every ticket, by case number."""
        t = schema.shadow_tickets
        chosen = sa.select(*t.c).where(t.c.shadow == number).order_by(t.c.case_no)
        for row in self._c.execution_options(yield_per=1000).execute(chosen):
            yield ShadowTicket(*row)

    def count_shadow(self, number: int) -> Mapping[str, int]:
        """Count its tickets: ``seen``, ``different``, ``failed``, and those that the candidate decided, ``decided``."""
        t, s = schema.shadow_tickets.c, schema.shadows.c
        seen, different, failed, decided = self._c.execute(
            sa.select(sa.func.count(), sa.func.count(t.says), sa.func.count(t.fault),
                      sa.func.count(sa.case((t.decided_by == s.candidate, 1))))
            .where(t.shadow == s.id, s.id == number)).one()
        return {"seen": seen, "different": different, "failed": failed, "decided": decided}


_COLUMNS = tuple(schema.shadows.c[f.name] for f in fields(ShadowRow))
_RUNNING = sa.select(*_COLUMNS).where(schema.shadows.c.running.is_(True))  # asked with every ticket
_HELD_RUNNING = _RUNNING.with_for_update(read=True)

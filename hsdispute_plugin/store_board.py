"""What the 督办看板 shows, counted in SQL: due, overdue by unit, major matters by stage, alerts, cases by day. No payer data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_inbox import WHOLE
from hsdispute_plugin.store_traits import ALERT


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A case on the board; ``due_at`` is of what is owed next, ``alerts`` are the keys of its 通报."""

    case_no: str
    state: str
    accepting_unit: str
    track: str
    opened_at: datetime
    due_at: datetime | None
    alerts: tuple[str, ...] = ()


class BoardTable:
    """The part of a transaction that counts for the board."""

    _c: sa.Connection

    def due_between(self, since: datetime, before: datetime, limit: int = 200) -> list[BoardLine]:
        """Return the cases in which something is owed from ``since`` until before ``before``, the earliest first."""
        p = schema.parts.c
        chosen = _lines().where(p.due_at >= since, p.due_at < before).order_by(p.due_at, p.case_no).limit(limit)
        return [BoardLine(*row) for row in self._c.execute(chosen)]

    def alerted(
        self, since: datetime, ended: frozenset[str], usual: frozenset[str] = frozenset(), limit: int = 50,
    ) -> list[BoardLine]:
        """Return the cases opened since a moment that alarm somebody, but for those in ``ended``; newest first.

        ``usual``: the keys that alone do not bring a case here.
        """
        c, t = schema.cases.c, schema.traits.c
        of = sa.select(t.case_no).where(t.kind == ALERT, t.at >= since, t.value.not_in(usual))
        chosen = _lines().where(c.case_no.in_(of), c.state.not_in(ended)).order_by(c.opened_at.desc(), c.case_no).limit(limit)
        lines = [BoardLine(*row) for row in self._c.execute(chosen)]
        keys = self.alerts_of([line.case_no for line in lines])
        return [replace(line, alerts=keys.get(line.case_no, ())) for line in lines]

    def alerts_of(self, case_nos: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return by case the keys of its 通报; cases that have none are left out."""
        t, keys = schema.traits.c, defaultdict[str, list[str]](list)
        said = sa.select(t.case_no, t.value).where(t.kind == ALERT, t.case_no.in_(case_nos))
        for case_no, key in self._c.execute(said.order_by(t.value)):
            keys[case_no].append(key)
        return {case_no: tuple(of) for case_no, of in keys.items()}

    def overdue_by_unit(self, now: datetime) -> dict[str, int]:
        """Count by unit the cases in which it is late, most first."""
        p = schema.parts.c
        count = sa.func.count()
        chosen = sa.select(p.unit, count).where(p.unit != WHOLE, p.due_at < now).group_by(p.unit).order_by(count.desc(), p.unit)
        return {str(unit): int(n) for unit, n in self._c.execute(chosen)}

    def by_state(self, track: str = "") -> dict[str, int]:
        """Count cases by state; of one track where it is given."""
        c = schema.cases.c
        chosen = sa.select(c.state, sa.func.count()).group_by(c.state)
        rows = self._c.execute(chosen.where(c.track == track) if track else chosen)
        return {str(state): int(n) for state, n in rows}

    def opened_by_day(self, since: datetime, zone: tzinfo) -> Counter[date]:
        """Count the cases opened since a moment by local day."""
        c, days = schema.cases.c, Counter[date]()
        hour = sa.func.substr(sa.type_coerce(c.opened_at, sa.String), 1, 13)  # UTC text of fixed width
        for text, n in self._c.execute(sa.select(hour, sa.func.count()).where(c.opened_at >= since).group_by(hour)):
            days[datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC).astimezone(zone).date()] += int(n)
        return days


def _lines() -> sa.Select[Any]:
    c, p = schema.cases.c, schema.parts.c
    return sa.select(c.case_no, c.state, c.accepting_unit, c.track, c.opened_at, p.due_at).join(
        schema.parts, sa.and_(c.case_no == p.case_no, p.unit == WHOLE))

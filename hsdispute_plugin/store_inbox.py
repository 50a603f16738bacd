"""The inbox: which cases a unit takes part in, the most urgent first, page by page and counted by colour in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_traits import ALERT, DANGER

WHOLE = ""  # the unit of the row that stands for the whole case
COLOURS = ("red", "orange", "yellow", "green", "none")


@dataclass(frozen=True, slots=True)
class PartRow:
    """What a unit owes next in a case, and when that turns yellow and orange; ``None``: it owes nothing."""

    unit: str
    due_at: datetime | None = None
    yellow_at: datetime | None = None
    orange_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboxLine:
    """A case in the inbox: no payer data. ``due_at`` is of what is owed next."""

    case_no: str
    platform: str
    ticket_no: str
    state: str
    accepting_unit: str
    track: str
    opened_at: datetime
    due_at: datetime | None
    colour: str


class InboxTable:
    """The part of a transaction that knows who takes part in which case."""

    _c: sa.Connection

    def set_parts(self, case_no: str, parts: Iterable[PartRow], *, anew: bool = False) -> None:
        """Note who takes part in a case, replacing what was noted; ``anew``: nothing was."""
        if not anew:
            self._c.execute(_FORGET, {"case_no_": case_no})
        self._c.execute(_NOTE, [
            {"case_no": case_no, "unit": p.unit, "due_at": p.due_at, "yellow_at": p.yellow_at, "orange_at": p.orange_at}
            for p in parts])

    def takes_part(self, case_no: str, unit: str) -> bool:
        """Tell whether a unit takes part in a case."""
        c = schema.parts.c
        return self._c.scalar(sa.select(sa.func.count()).where(c.case_no == case_no, c.unit == unit)) > 0  # type: ignore[operator]

    def inbox(
        self, now: datetime, *, unit: str = WHOLE, states: Sequence[str] = (), colour: str = "", text: str = "",
        accepting: str = "", limit: int = 50, offset: int = 0,
    ) -> list[InboxLine]:
        """Return a page of a unit's cases (by default all): open danger, then what is due first, those that owe nothing last.

        ``text`` is the beginning of a case number, or a whole ticket number.
        """
        c, p = schema.cases.c, schema.parts.c
        shade = _colour(now)
        chosen = sa.select(
            c.case_no, c.platform, c.ticket_no, c.state, c.accepting_unit, c.track, c.opened_at, p.due_at, shade,
        ).join(schema.parts, c.case_no == p.case_no).where(*_wanted(unit, states, text, accepting))
        if colour:
            chosen = chosen.where(shade == colour)
        order = (c.case_no.not_in(_IN_DANGER), p.due_at.is_(None), p.due_at, c.case_no.desc())
        return [InboxLine(*row) for row in self._c.execute(chosen.order_by(*order).limit(limit).offset(offset))]

    def count_inbox(
        self, now: datetime, *, unit: str = WHOLE, states: Sequence[str] = (), text: str = "", accepting: str = "",
    ) -> dict[str, int]:
        """Count those cases by colour; every colour has a number."""
        shade = _colour(now)
        chosen = sa.select(shade, sa.func.count()).select_from(
            schema.parts.join(schema.cases, schema.cases.c.case_no == schema.parts.c.case_no))
        rows = self._c.execute(chosen.where(*_wanted(unit, states, text, accepting)).group_by(shade))
        return dict.fromkeys(COLOURS, 0) | {str(name): int(n) for name, n in rows}


#: Statements asked with every ticket, made once: to build one takes longer than to ask it.
_FORGET = schema.parts.delete().where(schema.parts.c.case_no == sa.bindparam("case_no_"))
_NOTE = schema.parts.insert()
_T = schema.traits.c
_IN_DANGER = sa.select(_T.case_no).where(_T.kind == ALERT, _T.value == DANGER)


def _wanted(unit: str, states: Sequence[str], text: str, accepting: str) -> list[sa.ColumnElement[bool]]:
    c, p = schema.cases.c, schema.parts.c
    wanted: list[sa.ColumnElement[bool]] = [p.unit == unit]
    wanted += [c.state.in_(states)] if states else []
    wanted += [c.accepting_unit == accepting] if accepting else []
    wanted += [sa.or_(c.case_no.startswith(text, autoescape=True), c.ticket_no == text)] if text else []
    return wanted


def _colour(now: datetime) -> sa.ColumnElement[str]:
    p = schema.parts.c
    at = sa.literal(now, p.due_at.type)
    return sa.case(
        (p.due_at.is_(None), sa.literal_column("'none'")), (p.due_at < at, sa.literal_column("'red'")),
        (p.orange_at <= at, sa.literal_column("'orange'")), (p.yellow_at <= at, sa.literal_column("'yellow'")),
        else_=sa.literal_column("'green'"))

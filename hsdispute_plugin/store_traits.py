"""What cases have in common, found and counted in SQL: however many there are, a few numbers are fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema

ALERT = "alert"  # the kind of trait: its value is the key of a 通报, or says that one is over
DANGER = "police110"  # the 通报 that goes before all others

@dataclass(frozen=True, slots=True)
class Common:
    """The cases that share something: how many there are, and the numbers of the newest."""

    count: int = 0
    newest: tuple[str, ...] = ()


NONE = Common()


class TraitTable:
    """The part of a transaction that knows what cases have in common: pairs of kind and value."""

    _c: sa.Connection

    def set_traits(self, case_no: str, traits: Iterable[tuple[str, str]], at: datetime, *, anew: bool = False) -> None:
        """Note what a case has in common with others, replacing what was noted of it; ``anew``: nothing was."""
        if not anew:
            self._c.execute(_FORGET, {"case_no_": case_no})
        rows = [{"case_no": case_no, "kind": kind, "value": value, "at": at} for kind, value in dict.fromkeys(traits)]
        if rows:
            self._c.execute(_NOTE, rows)

    def alike(self, kind: str, value: str, since: datetime, but: str, named: int) -> Common:
        """Return the cases that share a trait since a moment, ``named`` of them by number; ``but`` is left out."""
        rows = self._c.execute(_ALIKE, {"kind_": kind, "value_": value, "since_": since, "but_": but, "named_": named}).all()
        return Common(rows[0][1], tuple(number for number, _ in rows)) if rows else NONE

    def alike_in(
        self, within: tuple[str, str], kind: str, values: Sequence[str], since: datetime, but: str, named: int
    ) -> Common:
        """Return, of the cases that share the trait ``within``, those that share the most frequent of these values of a kind.

        Of two as frequent it is the one given first.
        """
        given = {"within_": within[0], "place_": within[1], "kind_": kind, "values_": list(values), "since_": since, "but_": but,
                 "named_": named}
        found: dict[str, Common] = {}
        for value, number, count in self._c.execute(_ALIKE_IN, given):
            found[value] = Common(count, (*found.get(value, NONE).newest, number))
        return max((found[v] for v in values if v in found), key=lambda c: c.count, default=NONE)

    def states_of(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return the state of each of these cases."""
        c = schema.cases.c
        return dict(tuple(row) for row in self._c.execute(sa.select(c.case_no, c.state).where(c.case_no.in_(numbers))))

    def count_traits(self, kind: str, since: datetime, before: datetime) -> list[tuple[str, int]]:
        """Count cases by the values of one kind of trait in a span of time, most frequent first."""
        chosen = sa.select(_T.value, sa.func.count()).where(_T.kind == kind, _T.at >= since, _T.at < before).group_by(_T.value)
        return sorted(((value, int(n)) for value, n in self._c.execute(chosen)), key=lambda pair: (-pair[1], pair[0]))

    def traits_between(self, kind: str, since: datetime, before: datetime) -> dict[str, list[str]]:
        """Return the values of one kind of trait by case number."""
        found = dict[str, list[str]]()
        for number, value in self._c.execute(
                sa.select(_T.case_no, _T.value).where(_T.kind == kind, _T.at >= since, _T.at < before)):
            found.setdefault(number, []).append(value)
        return found


#: Statements asked with every ticket, made once: to build one takes longer than to ask it.
_T = schema.traits.c
_NEWEST = (_T.at.desc(), _T.case_no.desc())
_FORGET = schema.traits.delete().where(_T.case_no == sa.bindparam("case_no_"))
_NOTE = schema.traits.insert()
_SHARING = (_T.at >= sa.bindparam("since_"), _T.case_no != sa.bindparam("but_"))
_ALIKE = sa.select(_T.case_no, sa.func.count().over()).where(
    _T.kind == sa.bindparam("kind_"), _T.value == sa.bindparam("value_"), *_SHARING).order_by(*_NEWEST).limit(
        sa.bindparam("named_", type_=sa.Integer))
_PLACE = schema.traits.alias("place")
_THERE = sa.select(_PLACE.c.case_no).where(
    _PLACE.c.kind == sa.bindparam("within_"), _PLACE.c.value == sa.bindparam("place_"), _PLACE.c.at >= sa.bindparam("since_"))
# IS TRUE keeps PostgreSQL from making a join of it, which before the first ANALYZE compares each case with each.
_RANKED = sa.select(
    _T.value, _T.case_no, sa.func.count().over(partition_by=_T.value).label("count"),
    sa.func.row_number().over(partition_by=_T.value, order_by=_NEWEST).label("rank"),
).where(_T.kind == sa.bindparam("kind_"), _T.value.in_(sa.bindparam("values_", expanding=True)), *_SHARING,
        _T.case_no.in_(_THERE).is_(sa.true())).subquery()
_ALIKE_IN = sa.select(_RANKED.c.value, _RANKED.c.case_no, _RANKED.c.count).where(
    _RANKED.c.rank <= sa.bindparam("named_", type_=sa.Integer)).order_by(_RANKED.c.value, _RANKED.c.rank)

"""The columnar engine: the whole chain of families over millions of tickets at once, as Polars expressions.

Conditions mean what ``condition.holds`` says, families what ``Rulebook.decide_facts`` says. Every fact and conclusion is
taken apart into columns of one bit a ticket; a leaf is one comparison, a rule a few operations on whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_

import polars as pl

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar, leaves
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.replay_columns import Layout
from hsdispute_plugin.rules.rulebook import Family, Hit, Rule, RuleSource, rules_in_force

_COMPARE: Mapping[Op, Callable[[pl.Expr, int], pl.Expr]] = {
    Op.EQ: lambda c, v: c == v, Op.NE: lambda c, v: c != v, Op.GE: lambda c, v: c >= v, Op.LE: lambda c, v: c <= v,
    Op.GT: lambda c, v: c > v, Op.LT: lambda c, v: c < v,
}
#: Leaves that a number smaller than all others would make true, though a leaf on a missing fact is false.
_TRUE_OF_MISSING = (Op.NE, Op.LE, Op.LT, Op.NOT_IN)

_Made = pl.Expr | bool  # a condition that no ticket can change is a constant


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule over all tickets: those whose facts make its condition true, and those to which it said something new."""

    rule: Rule
    family: Family
    holds: int
    speaks: pl.Series


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one edition concludes of every ticket. ``values`` maps a conclusion to its members or choices, one bit a ticket."""

    count: int
    values: Mapping[str, Mapping[Scalar, pl.Series]]
    fired: tuple[Fired, ...]

    def flag(self, code: str, value: Scalar) -> pl.Series:
        """Return for which tickets a conclusion is, or holds, this value."""
        found = self.values.get(code, {}).get(value)
        return _none(self.count) if found is None else found


class Columns:
    """The columns that conditions ask for, made from facts or from what families concluded, each when it is first asked."""

    def __init__(self, facts: pl.DataFrame, table: FactTable, layout: Layout | None = None) -> None:
        self._facts, self._table, self._layout = facts.rechunk(), table, layout or Layout(table)
        self.count = facts.height
        self._concluded: dict[str, dict[Scalar, pl.Series]] = {
            d.code: {} for d in table.by_code.values() if d.source == "family"}
        self._bits = pl.DataFrame()  # what expressions name

    @property
    def concluded(self) -> Mapping[str, Mapping[Scalar, pl.Series]]:
        """All conclusions so far."""
        return self._concluded

    def holding(self, conditions: Sequence[Condition]) -> list[pl.Series]:
        """Return for which tickets each condition holds."""
        asked = dict.fromkeys(leaf for c in conditions for leaf in leaves(c))
        self._gather(asked)
        named: dict[Leaf, _Made] = {}
        apart: list[pl.Expr] = []
        for leaf in asked:
            made = self._leaf(leaf)
            if isinstance(made, bool) or (leaf.op in (Op.EQ, Op.HAS_ANY) and _plain(leaf)):
                named[leaf] = made
            else:  # a leaf of several rules is compared once
                name = f"leaf {len(apart)}"
                apart.append(made.alias(name))
                named[leaf] = pl.col(name)
        frame = self._bits.with_columns(apart) if apart else self._bits
        made_of = [_condition(c, named) for c in conditions]
        found = frame.select([m.alias(f"rule {n}") for n, m in enumerate(made_of) if not isinstance(m, bool)])
        return [_none(self.count) if made is False else ~_none(self.count) if made is True else found[f"rule {n}"]
                for n, made in enumerate(made_of)]

    def conclude(self, code: str, members: Mapping[Scalar, pl.Series], taken: pl.Series) -> None:
        """Note what a family gave: members of a set join those there are, an answer takes the place of an earlier one."""
        old = self._concluded[code]
        if self._table.by_code[code].kind is not Kind.SET:
            old = {value: bits & ~taken for value, bits in old.items()}
        for member, bits in members.items():
            old[member] = old[member] | bits if member in old else bits
        self._concluded[code] = old
        stale = [name for name in self._bits.columns if name.partition(" ")[0] in (code, f"{code}_count")]
        self._bits = self._bits.drop(stale)

    def _gather(self, asked: Iterable[Leaf]) -> None:
        """Make the columns that some leaves name."""
        wanted: dict[str, pl.Expr | pl.Series] = {}
        for leaf in asked:
            fact = self._table.by_code[leaf.fact]
            if fact.counts or fact.kind is Kind.INT:
                wanted[fact.code] = self._count(fact) if fact.counts else pl.col(fact.code)
                continue
            for value in _values(leaf):
                made = self._flag(fact, value)
                if made is not None:
                    wanted[_name(fact.code, value)] = made
            if fact.kind is not Kind.SET and leaf.op in _TRUE_OF_MISSING:
                wanted[_name(fact.code, "?")] = self._known(fact)
        new = {name: made for name, made in wanted.items() if name not in self._bits.columns}
        if not new:
            return
        read = self._facts.select([e.alias(name) for name, e in new.items() if isinstance(e, pl.Expr)])
        told = [s.alias(name) for name, s in new.items() if isinstance(s, pl.Series)]
        self._bits = pl.concat([self._bits, read.with_columns(told) if read.width else pl.DataFrame(told)], how="horizontal")

    def _flag(self, fact: FactDef, value: Scalar) -> pl.Expr | pl.Series | None:
        if fact.source == "family":
            return self._concluded[fact.code].get(value)
        return self._layout.flag(fact.code, value)

    def _known(self, fact: FactDef) -> pl.Expr | pl.Series:
        if fact.source == "family":
            return reduce(or_, self._concluded[fact.code].values(), _none(self.count))
        return self._layout.known(fact.code)

    def _count(self, fact: FactDef) -> pl.Expr | pl.Series:
        if self._table.by_code[fact.counts].source != "family":
            return self._layout.count(fact.counts)
        total = pl.zeros(self.count, dtype=pl.Int32, eager=True)
        for bits in self._concluded[fact.counts].values():
            total = total + bits.cast(pl.Int32)
        return total

    def _leaf(self, leaf: Leaf) -> _Made:
        fact = self._table.by_code[leaf.fact]
        if fact.counts or fact.kind is Kind.INT:
            column = pl.col(fact.code)
            if leaf.op in (Op.IN, Op.NOT_IN):
                found = reduce(or_, (column == int(v) for v in _values(leaf)))
                found = ~found if leaf.op is Op.NOT_IN else found
            else:
                found = _COMPARE[leaf.op](column, int(leaf.value))  # type: ignore[arg-type]
            return found & self._layout.known(fact.code) if leaf.op in _TRUE_OF_MISSING and not fact.counts else found
        there = [pl.col(name) for v in _values(leaf) if (name := _name(fact.code, v)) in self._bits.columns]
        any_of: _Made = reduce(or_, there) if there else False
        if leaf.op not in _TRUE_OF_MISSING:
            return any_of
        known = pl.col(_name(fact.code, "?"))
        return known if any_of is False else known & ~any_of


def replay(source: RuleSource, facts: pl.DataFrame, day: date, layout: Layout | None = None) -> Outcome:
    """Decide every ticket by the rules in force on a day: the families in order, each result a fact for the next."""
    columns = Columns(facts, source.table, layout)
    fired: list[Fired] = []
    for family in source.families:
        rules = [family.rules[i] for i in sorted(rules_in_force(family.rules, day))]
        fired += _family(family, rules, columns)
    return Outcome(columns.count, columns.concluded, tuple(fired))


def _family(family: Family, rules: Sequence[Rule], columns: Columns) -> list[Fired]:
    fired: list[Fired] = []
    taken: dict[str, pl.Series] = {}
    given: dict[str, dict[Scalar, pl.Series]] = {}
    for rule, holds in zip(rules, columns.holding([r.condition for r in rules]), strict=True):
        speaks: pl.Series | None = None
        for code, value in rule.outcome.items():
            before = taken.get(code)
            united = family.hit is Hit.ALL and isinstance(value, frozenset)
            gives = holds if united or before is None else holds & ~before
            taken[code] = holds if before is None else before | holds
            of = given.setdefault(code, {})
            for member in value if isinstance(value, frozenset) else (value,):
                of[member] = of[member] | gives if member in of else gives
            speaks = gives if speaks is None else speaks | gives
        fired.append(Fired(rule, family, int(holds.sum()), holds if speaks is None else speaks))
    for code, members in given.items():
        columns.conclude(code, members, taken[code])
    return fired


def _condition(condition: Condition, leaf_of: Mapping[Leaf, _Made]) -> _Made:
    match condition:
        case Leaf():
            return leaf_of[condition]
        case All(parts):
            return _every([_condition(p, leaf_of) for p in parts])
        case AnyOf(parts):
            return _some([_condition(p, leaf_of) for p in parts])
        case NoneOf(parts):
            found = _some([_condition(p, leaf_of) for p in parts])
            return not found if isinstance(found, bool) else ~found


def _every(parts: Sequence[_Made]) -> _Made:
    open_ = [p for p in parts if not isinstance(p, bool)]
    if any(p is False for p in parts):
        return False
    return reduce(and_, open_) if open_ else True


def _some(parts: Sequence[_Made]) -> _Made:
    open_ = [p for p in parts if not isinstance(p, bool)]
    if any(p is True for p in parts):
        return True
    return reduce(or_, open_) if open_ else False


def _values(leaf: Leaf) -> tuple[Scalar, ...]:
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _plain(leaf: Leaf) -> bool:
    """Tell whether a leaf asks for one bit."""
    return len(_values(leaf)) == 1 and not (isinstance(leaf.value, int) and not isinstance(leaf.value, bool))


def _name(code: str, value: Scalar) -> str:
    return f"{code} {value}"


def _none(count: int) -> pl.Series:
    return pl.repeat(False, count, dtype=pl.Boolean, eager=True)

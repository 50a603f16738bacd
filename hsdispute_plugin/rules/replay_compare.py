"""Two editions over the same history: which decisions change, to whom the work goes, what is due when, which rules sleep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_

import polars as pl

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.comparison import (
    CONCLUSIONS,
    READ,
    SAMPLES,
    UNSAID,
    Change,
    Comparison,
    Moved,
    Silent,
    in_words,
    waiting,
)
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import FactTable, Kind
from hsdispute_plugin.rules.replay import Fired, Outcome
from hsdispute_plugin.rules.replay_columns import Layout
from hsdispute_plugin.rules.replay_due import shifts
from hsdispute_plugin.rules.replay_gather import NEVER, Seen
from hsdispute_plugin.rules.rulebook import RuleSource


@dataclass(frozen=True, slots=True)
class Side:
    """One edition with what it read and what it concluded."""

    source: RuleSource
    layout: Layout
    facts: pl.DataFrame
    outcome: Outcome
    _flags: dict[tuple[str, Scalar], pl.Series] = field(default_factory=dict)

    @property
    def table(self) -> FactTable:
        """The facts of the edition."""
        return self.source.table

    def values(self, code: str) -> list[Scalar]:
        """Return what a fact may be, in the order of its table."""
        fact = self.table.by_code[code]
        if fact.kind is Kind.BOOL:
            return [True, False]
        told = [*dict.fromkeys(fact.values.values())]
        return [*told, *(v for v in self.outcome.values.get(code, {}) if v not in told)]

    def flag(self, code: str, value: Scalar) -> pl.Series:
        """Return for which tickets a fact or conclusion is, or holds, this value; what no rule says is as ``Decision`` has it."""
        if (known := self._flags.get((code, value))) is None:
            known = self._flags[code, value] = self._made(code, value)
        return known

    def _made(self, code: str, value: Scalar) -> pl.Series:
        if code in self.outcome.values:
            bits = self.outcome.flag(code, value)
            if UNSAID.get(code) == value:
                said = reduce(or_, self.outcome.values[code].values(), self.outcome.flag(code, ""))
                bits = bits | ~said
            return bits
        asked = self.layout.flag(code, value)
        return self.outcome.flag(code, "") if asked is None else self.facts.select(asked.alias("")).to_series()


def compare(before: Side, after: Side, seen: Seen, now: datetime) -> Comparison:
    """Compare what two editions conclude of the same tickets."""
    ticket_nos = pl.Series("ticket_no", seen.ticket_nos, dtype=pl.String)
    received = pl.Series("received", seen.received, dtype=pl.Int64).replace(NEVER, None).cast(pl.Datetime("us"))
    day = now.astimezone(SHANGHAI).date()
    none = pl.repeat(False, len(ticket_nos), dtype=pl.Boolean, eager=True)
    changed, changes = none, list[Change]()
    for code in CONCLUSIONS:
        found, differing = _changes(code, before, after, ticket_nos)
        changes += found
        changed = changed | differing
    read = [change for code in READ for change in _changes(code, before, after, ticket_nos)[0]]
    return Comparison(
        before.source.edition, after.source.edition, len(ticket_nos), int(changed.sum()), tuple(changes), tuple(read),
        int((_otherwise_reasoned(before.outcome, after.outcome, none) & ~changed).sum()),
        _moved("lead", before, after), _moved("units", before, after), _moved("deadlines", before, after),
        tuple(shifts(before, after, received, now)),
        {code: _flow(code, before, after) for code in ("scope", "track")},
        tuple(_silent(before.outcome.fired)), tuple(_silent(after.outcome.fired)), waiting(after.source, day),
    )


def _changes(code: str, before: Side, after: Side, ticket_nos: pl.Series) -> tuple[list[Change], pl.Series]:
    """Return the changes of one fact, the most frequent first, and the tickets that have any."""
    fact = after.table.by_code[code]
    values = list(dict.fromkeys([*before.values(code), *after.values(code)]))
    differing = reduce(or_, (before.flag(code, v) ^ after.flag(code, v) for v in values),
                       pl.repeat(False, len(ticket_nos), dtype=pl.Boolean, eager=True))
    found: list[Change] = []
    if not differing.any():
        return found, differing

    def note(what: str, bits: pl.Series, value: Scalar | None) -> None:
        if count := int(bits.sum()):
            samples = tuple(ticket_nos.filter(bits).head(SAMPLES).to_list())
            found.append(Change(fact.label, what, count, samples, _by(after.outcome.fired, code, value, bits)))

    if fact.kind is Kind.SET:
        for value in values:
            said = in_words(code, value, after.source, before.source)
            note(f"加 {said}", after.flag(code, value) & ~before.flag(code, value), value)
            note(f"去 {said}", before.flag(code, value) & ~after.flag(code, value), None)
    else:
        for was, now in _pairs(values, before, after, code):
            bits = _side(before, code, was, values) & _side(after, code, now, values) & differing
            old, new = in_words(code, was, before.source, after.source), in_words(code, now, after.source, before.source)
            note(f"{old} → {new}", bits, now)
    return sorted(found, key=lambda c: -c.count), differing


def _pairs(values: Sequence[Scalar], before: Side, after: Side, code: str) -> Iterator[tuple[Scalar | None, Scalar | None]]:
    answers: list[Scalar | None] = [*values, None]
    for was in answers:
        if _side(before, code, was, values).any():
            yield from ((was, now) for now in answers if now != was)


def _side(side: Side, code: str, value: Scalar | None, values: Sequence[Scalar]) -> pl.Series:
    """Return the tickets of an answer; ``None``: those of no answer at all."""
    if value is not None:
        return side.flag(code, value)
    return ~reduce(or_, (side.flag(code, v) for v in values))


def _by(fired: Sequence[Fired], code: str, value: Scalar | None, bits: pl.Series) -> tuple[tuple[str, int], ...]:
    """Return the rules that most often gave the value to these tickets."""
    if value is None:
        return ()
    found = []
    for f in fired:
        given = f.rule.outcome.get(code)
        if (value in given if isinstance(given, frozenset) else given == value) and (count := int((f.speaks & bits).sum())):
            found.append((f.rule.id, count))
    return tuple(sorted(found, key=lambda r: -r[1])[:3])


def _otherwise_reasoned(before: Outcome, after: Outcome, none: pl.Series) -> pl.Series:
    spoke = [{f.rule.id: f.speaks for f in outcome.fired} for outcome in (before, after)]
    ids = dict.fromkeys([*spoke[0], *spoke[1]])
    return reduce(or_, (spoke[0].get(i, none) ^ spoke[1].get(i, none) for i in ids), none)


def _moved(code: str, before: Side, after: Side) -> tuple[Moved, ...]:
    values = dict.fromkeys([*before.values(code), *after.values(code)])
    rows = [Moved(in_words(code, v, after.source, before.source), int(before.flag(code, v).sum()), int(after.flag(code, v).sum()))
            for v in values]
    return tuple(r for r in rows if r.before or r.after)


def _flow(code: str, before: Side, after: Side) -> dict[tuple[str, str], int]:
    values = list(dict.fromkeys([*before.values(code), *after.values(code)]))
    return {(in_words(code, was, before.source), in_words(code, now, after.source)): count for was in values for now in values
            if (count := int((before.flag(code, was) & after.flag(code, now)).sum()))}


def _silent(fired: Sequence[Fired]) -> Iterator[Silent]:
    for f in fired:
        if not f.speaks.any():
            yield Silent(f.rule.id, f.rule.name, f.family.label, f.holds)

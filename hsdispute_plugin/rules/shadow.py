"""试算: what two editions said of the same live tickets, by codes and rule names alone, and how the two differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hsdispute_plugin.model import Decision
from hsdispute_plugin.rules.comparison import (
    CONCLUSIONS,
    READ,
    SAMPLES,
    Change,
    Comparison,
    Moved,
    Shift,
    Silent,
    in_words,
    median,
    waiting,
)
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import Kind
from hsdispute_plugin.rules.rulebook import RuleSource, rules_in_force

HOST = "host"  # a period that the host gives: no edition has a say in it
_DAY = 86_400
Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """One ticket: what was said by the edition in force, and by the candidate (``None``: the same)."""

    case_no: str
    before: str
    after: str | None


def said_of(decision: Decision) -> str:
    """Write what a decision says as JSON of codes: no word of the ticket, no sentence."""
    return json.dumps({
        "scope": decision.scope.value, "compound": decision.compound, "lead": decision.lead, "units": decision.units,
        "track": decision.track.value, "matter": decision.matter.value if decision.matter else None,
        "deadlines": {d.key: d.due_at.isoformat() for d in decision.due if d.key != HOST},
        "notices": sorted({a.key for a in decision.alerts}), "insurance": decision.insurance, "topics": decision.topics,
        "signals": decision.signals, "ticket_type": decision.ticket_type, "rules": [r.rule for r in decision.reasons],
    }, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class _Tally:
    """One way in which tickets come out otherwise."""

    count: int = 0
    samples: list[str] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, case_no: str, rules: Iterable[str]) -> None:
        self.count += 1
        self.rules.update(rules)
        if len(self.samples) < SAMPLES:
            self.samples.append(case_no)


_Tallies = Mapping[tuple[str, Scalar | None, Scalar | None], _Tally]  # by fact, value before, value after


def compared(pairs: Iterable[Pair], before: RuleSource, after: RuleSource, day: date) -> Comparison:
    """Compare what two editions said of the same tickets; a suggestion that is only due on another day has changed, too.

    ``day``: whose rules are named where they said nothing.
    """
    tallies: dict[tuple[str, Scalar | None, Scalar | None], _Tally] = {}
    givers = _givers(after)
    sums: dict[str, tuple[Counter[Scalar], Counter[Scalar]]] = {c: (Counter(), Counter()) for c in ("lead", "units", "deadlines")}
    flows: dict[str, Counter[tuple[Scalar, Scalar]]] = {"scope": Counter(), "track": Counter()}
    spoke: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    moved: dict[str, Counter[float]] = {}
    tickets = changed = reasons_only = 0
    for pair in pairs:
        was: Said = json.loads(pair.before)
        now: Said = json.loads(pair.after) if pair.after else was
        tickets += 1
        for side, said in enumerate((was, now)):
            spoke[side].update(set(said["rules"]))
            for code, sides in sums.items():
                sides[side].update(_members(said[code]))
        for code, pairs_of in flows.items():
            pairs_of[was[code], now[code]] += 1
        for key in was["deadlines"].keys() & now["deadlines"].keys():
            moved.setdefault(key, Counter())[_days(was["deadlines"][key], now["deadlines"][key])] += 1
        if now is was:
            continue
        for code in (*CONCLUSIONS, *READ):
            for old, new in _differences(was[code], now[code]):
                rules = [r for r in now["rules"] if (code, new) in givers.get(r, ())] if new is not None else []
                tallies.setdefault((code, old, new), _Tally()).add(pair.case_no, rules)
        if any(was[code] != now[code] for code in CONCLUSIONS):
            changed += 1
        elif was["rules"] != now["rules"]:
            reasons_only += 1
    return Comparison(
        before.edition, after.edition, tickets, changed, tuple(_changes(CONCLUSIONS, tallies, before, after)),
        tuple(_changes(READ, tallies, before, after)), reasons_only,
        _moved("lead", sums["lead"], before, after), _moved("units", sums["units"], before, after),
        _moved("deadlines", sums["deadlines"], before, after), tuple(_shifts(moved, after)),
        {code: {(in_words(code, old, before), in_words(code, new, after)): n for (old, new), n in sorted(of.items(), key=str)}
         for code, of in flows.items()},
        tuple(_silent(before, spoke[0], day)), tuple(_silent(after, spoke[1], day)), waiting(after, day),
    )


def _members(value: Any) -> Iterable[Scalar]:
    return list(value) if isinstance(value, list | dict) else (value,)


def _differences(was: Any, now: Any) -> Iterator[tuple[Scalar | None, Scalar | None]]:
    """Yield what went and what came; of a set each member by itself."""
    if not isinstance(was, list | dict):
        if was != now:
            yield was, now
        return
    yield from ((None, new) for new in now if new not in was)
    yield from ((old, None) for old in was if old not in now)


def _givers(source: RuleSource) -> dict[str, set[tuple[str, Scalar]]]:
    """Return by rule what it may give: pairs of fact and value, of every entry that its number has."""
    found: dict[str, set[tuple[str, Scalar]]] = {}
    for family in source.families:
        for rule in family.rules:
            for code, value in rule.outcome.items():
                members: Iterable[Scalar] = value if isinstance(value, frozenset) else (value,)
                found.setdefault(rule.id, set()).update((code, m) for m in members)
    return found


def _changes(codes: Iterable[str], tallies: _Tallies, before: RuleSource, after: RuleSource) -> Iterator[Change]:
    for code in codes:
        fact = after.table.by_code[code]
        found = []
        for (of, old, new), tally in tallies.items():
            if of != code:
                continue
            if fact.kind is Kind.SET:
                what = f"去 {in_words(code, old, before, after)}" if new is None else f"加 {in_words(code, new, after, before)}"
            else:
                what = f"{in_words(code, old, before, after)} → {in_words(code, new, after, before)}"
            found.append(Change(fact.label, what, tally.count, tuple(tally.samples), tuple(tally.rules.most_common(3))))
        yield from sorted(found, key=lambda c: (-c.count, c.what))


def _moved(
    code: str, sides: tuple[Counter[Scalar], Counter[Scalar]], before: RuleSource, after: RuleSource
) -> tuple[Moved, ...]:
    fact = after.table.by_code[code]
    values = [*dict.fromkeys(fact.values.values()), *sides[0], *sides[1]]
    return tuple(Moved(in_words(code, v, after, before), sides[0][v], sides[1][v])
                 for v in dict.fromkeys(values) if sides[0][v] or sides[1][v])


def _days(was: str, now: str) -> float:
    return 0.0 if was == now else (datetime.fromisoformat(now) - datetime.fromisoformat(was)).total_seconds() / _DAY


def _shifts(moved: Mapping[str, Counter[float]], after: RuleSource) -> Iterator[Shift]:
    for key, counts in moved.items():
        days = sorted(counts.items())
        if any(d for d, _ in days):
            what = after.deadlines[key].what if key in after.deadlines else key
            yield Shift(key, what, sum(n for d, n in days if d < 0), sum(n for d, n in days if d > 0), counts[0.0],
                        days[0][0], median(days), days[-1][0])


def _silent(source: RuleSource, spoke: Mapping[str, int], day: date) -> Iterator[Silent]:
    for family in source.families:
        in_force = rules_in_force(family.rules, day)
        yield from (Silent(r.id, r.name, family.label, None) for n, r in enumerate(family.rules)
                    if n in in_force and r.id not in spoke)

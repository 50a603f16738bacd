"""Proposes examples for a rule: the fewest facts that show it at work and notice every mutant, for a person to check and keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice, product

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Condition, Leaf, Op, holds, leaves
from hsdispute_plugin.rules.examples import MISSES, WORKS, complete
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.mutants import mutants
from hsdispute_plugin.rules.rule_text import scalar
from hsdispute_plugin.rules.rulebook import Rule
from hsdispute_plugin.rules.table_cells import in_order, word

TRIED = 20_000  # combinations of values tried for one rule

Given = Mapping[str, FactValue]


def proposed(rule: Rule, table: FactTable) -> tuple[tuple[Given, ...], tuple[Given, ...]]:
    """Return facts with which the rule holds, and facts with which it just does not."""
    bent = [m for _, m in mutants(rule.condition, table)]
    kept: list[Given] = []
    left = set(range(len(bent)))
    ranked = sorted(_candidates(rule.condition, table), key=_length)
    seen = [(g, complete(g, table)) for g in ranked]
    truth = [holds(rule.condition, full) for _, full in seen]
    notices = [{n for n in left if holds(bent[n], full) is not truth[k]} for k, (_, full) in enumerate(seen)]
    for wanted in (True, False):  # one of each kind first, the most telling and then the shortest
        of_kind = [k for k in range(len(seen)) if truth[k] is wanted]
        if of_kind:
            best = max(of_kind, key=lambda k: len(notices[k] & left))
            kept.append(seen[best][0])
            left -= notices[best]
    while left:
        best = max(range(len(seen)), key=lambda k: len(notices[k] & left), default=-1)
        if best < 0 or not notices[best] & left:
            break
        kept.append(seen[best][0])
        left -= notices[best]
    works = [holds(rule.condition, complete(g, table)) for g in kept]
    return tuple(g for g, w in zip(kept, works, strict=True) if w), tuple(g for g, w in zip(kept, works, strict=True) if not w)


def _length(given: Given) -> tuple[int, int]:
    return len(given), sum(len(v) for v in given.values() if isinstance(v, frozenset))


def _candidates(condition: Condition, table: FactTable) -> Iterator[Given]:
    asked: dict[str, list[Leaf]] = {}
    for leaf in leaves(condition):
        asked.setdefault(table.by_code[leaf.fact].counts or leaf.fact, []).append(leaf)
    domains = [list(dict.fromkeys(_domain(table.by_code[code], of, table))) for code, of in asked.items()]
    for values in islice(product(*domains), TRIED):
        yield {code: v for code, v in zip(asked, values, strict=True) if v is not None}


def _domain(fact: FactDef, asked: Sequence[Leaf], table: FactTable) -> Iterator[FactValue | None]:
    """Yield the values worth trying: those on both sides of each comparison, and another one (``None`` where there is none)."""
    numbers = [int(v) for leaf in asked for v in _values(leaf) if table.by_code[leaf.fact].kind is Kind.INT]
    near = sorted({n + d for n in numbers for d in (-1, 0, 1) if n + d >= 0})
    if fact.kind is Kind.SET:
        members = [str(_values(leaf)[0]) for leaf in asked if leaf.op is Op.HAS_ANY]
        listed = {str(v) for leaf in asked for v in _values(leaf)}
        known = list(dict.fromkeys(fact.values.values()))
        others = [c for c in known if c not in listed][:1]
        yield frozenset(others)
        for n, member in enumerate(members):
            yield frozenset({member})
            for other in members[n + 1 :]:
                yield frozenset({member, other})
        for count in near:
            yield frozenset(known[:count])
            yield from (frozenset([m, *(c for c in known if c != m)][:count]) for m in members if count)
    elif fact.kind is Kind.INT:
        yield from near
    elif fact.kind is Kind.BOOL:
        yield from (True, False)
    else:
        named = {v for leaf in asked for v in _values(leaf)}
        for leaf in asked:
            yield _values(leaf)[0]
        yield next((c for c in fact.values.values() if c not in named), None)


def _values(leaf: Leaf) -> tuple[bool | int | str, ...]:
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def as_yaml(rule: Rule, table: FactTable, today: date) -> str:
    """Return proposed examples of a rule as they stand in ``examples/*.yaml``, dated if the rule begins after today."""
    works, misses = proposed(rule, table)
    lines = [f"  - 规则: {rule.id}", *([f"    当日: {rule.since}"] if rule.since > today else [])]
    for key, many in ((WORKS, works), (MISSES, misses)):
        if many:
            lines += [f"    {key}:", *(f"      - {{{_facts(g, table)}}}" for g in many)]
    return "\n".join(lines)


def _facts(given: Given, table: FactTable) -> str:
    return ", ".join(f"{table.by_code[c].label}: {_text(v, table.by_code[c])}" for c, v in given.items())


def _text(value: FactValue, fact: FactDef) -> str:
    words = [scalar(word(v, fact)) for v in in_order(value, fact)]
    return f"[{', '.join(words)}]" if isinstance(value, frozenset) else words[0]

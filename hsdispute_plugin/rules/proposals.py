"""Proposes examples for rules that have none: facts built from the rule's own values, for a person to check and keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, holds, leaves
from hsdispute_plugin.rules.examples import with_counts
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.rulebook import Rule


def proposed(rule: Rule, table: FactTable) -> Iterator[tuple[bool, dict[str, FactValue]]]:
    """Yield facts and whether the rule holds: one worked example, and one for each comparison turned round."""
    works = _satisfy(rule.condition, table, wanted=True)
    if works is None or not holds(rule.condition, with_counts(works, table)):
        return
    yield True, works
    seen: list[dict[str, FactValue]] = [works]
    for leaf_condition in leaves(rule.condition):
        turned = _satisfy(leaf_condition, table, wanted=not holds(leaf_condition, with_counts(works, table)))
        if turned is None:
            continue
        near = {**works, **turned}
        for leaf in leaves(leaf_condition):
            if leaf.fact in works and leaf.fact not in turned:
                del near[leaf.fact]
        if near not in seen:
            seen.append(near)
            yield holds(rule.condition, with_counts(near, table)), near


def _satisfy(condition: Condition, table: FactTable, *, wanted: bool) -> dict[str, FactValue] | None:
    """Return facts that make a condition hold (or not), built from its own values; a start, not a solver."""
    match condition:
        case Leaf():
            return _leaf_facts(condition, table, wanted=wanted)
        case NoneOf(parts):
            return _satisfy(AnyOf(parts), table, wanted=not wanted)
        case All(parts) if wanted:
            return _together(parts, table, wanted=True)
        case AnyOf(parts) if not wanted:
            return _together(parts, table, wanted=False)
        case All(parts) | AnyOf(parts):
            return next((f for p in parts if (f := _satisfy(p, table, wanted=wanted)) is not None), None)


def _together(parts: Sequence[Condition], table: FactTable, *, wanted: bool) -> dict[str, FactValue] | None:
    found: dict[str, FactValue] = {}
    for part in parts:
        one = _satisfy(part, table, wanted=wanted)
        if one is None:
            return None
        for code, value in one.items():
            old = found.get(code)
            found[code] = value | old if isinstance(value, frozenset) and isinstance(old, frozenset) else value
    return found


_OPPOSITE = {Op.EQ: Op.NE, Op.IN: Op.NOT_IN, Op.NE: Op.EQ, Op.NOT_IN: Op.IN, Op.GE: Op.LT, Op.LT: Op.GE, Op.GT: Op.LE,
             Op.LE: Op.GT}


def _leaf_facts(leaf: Leaf, table: FactTable, *, wanted: bool) -> dict[str, FactValue] | None:
    value, fact = leaf.value, table.by_code[leaf.fact]
    if not wanted:
        if leaf.op is Op.HAS_ANY or (leaf.op in (Op.EQ, Op.IN) and fact.kind is not Kind.INT):
            return {}
        return _leaf_facts(Leaf(leaf.fact, _OPPOSITE[leaf.op], value), table, wanted=True)
    given = value if isinstance(value, tuple) else (value,)
    match leaf.op:
        case Op.HAS_ANY:
            return {leaf.fact: frozenset({str(given[0])})}
        case Op.EQ | Op.IN | Op.GE | Op.LE:
            return {leaf.fact: given[0]}
        case Op.GT:
            return {leaf.fact: int(given[0]) + 1}
        case Op.LT:
            return {leaf.fact: int(given[0]) - 1}
        case Op.NE | Op.NOT_IN:
            other = next((v for v in _others(fact) if v not in given), None)
            return None if other is None else {leaf.fact: other}


def _others(fact: FactDef) -> Sequence[FactValue]:
    if fact.kind is Kind.INT:
        return range(1000)
    return (False, True) if fact.kind is Kind.BOOL else tuple(fact.values.values())


def as_yaml(rule: Rule, table: FactTable) -> str:
    """Return proposed examples of a rule as they stand in ``examples/*.yaml``."""
    lines = []
    for number, (fires, facts) in enumerate(proposed(rule, table)):
        given = ", ".join(f"{table.by_code[c].label}: {_text(v, table.by_code[c])}" for c, v in facts.items())
        lines.append(f"  - {{名称: {rule.id}/{'成立' if fires and not number else f'对照{number}'}, 规则: {rule.id}, "
                     f"成立: {'是' if fires else '否'}, 事实: {{{given}}}}}")
    return "\n".join(lines)


def _text(value: FactValue, fact: FactDef) -> str:
    if isinstance(value, frozenset):
        return "[" + ", ".join(fact.label_of(m) for m in sorted(value)) + "]"
    if fact.kind is Kind.BOOL:
        return "是" if value else "否"
    return fact.label_of(str(value))

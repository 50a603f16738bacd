"""Conditions, conclusions and facts in the words a clerk would use for them."""

from __future__ import annotations

from collections.abc import Mapping

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind


def condition_words(condition: Condition, table: FactTable) -> str:
    """Return a condition: ``涉及人数不少于 10 且 没有（辖区等于 县外）``."""
    if isinstance(condition, Leaf):
        return leaf_words(condition, table)
    if isinstance(condition, NoneOf):
        return "没有（" + "；".join(condition_words(p, table) for p in condition.parts) + "）"
    joint = " 且 " if isinstance(condition, All) else " 或 "
    parts = [condition_words(p, table) for p in condition.parts]
    for n, part in enumerate(condition.parts):
        if not isinstance(part, Leaf | NoneOf) and len(part.parts) > 1:
            parts[n] = f"（{parts[n]}）"
    return joint.join(parts) or "总是"


def leaf_words(leaf: Leaf, table: FactTable) -> str:
    """Return one comparison: ``主题含 欠费、补缴 之一``."""
    fact = table.by_code[leaf.fact]
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    shown = "、".join(word(v, fact) for v in values)
    if leaf.op is Op.HAS_ANY:
        return f"{fact.label}含 {shown}" + (" 之一" if len(values) > 1 else "")
    return f"{fact.label}{'：' if leaf.op is Op.EQ and fact.kind is Kind.BOOL else f'{leaf.op.value} '}{shown}"


def word(value: object, fact: FactDef) -> str:
    """Return one value by its label."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return fact.label_of(value) if isinstance(value, str) else str(value)


def value_words(value: FactValue | tuple[str, ...], fact: FactDef) -> str:
    """Return a value, the members of a set in the order of the fact table; an empty set is 空."""
    if not isinstance(value, frozenset | tuple):
        return word(value, fact)
    order = list(fact.values.values())
    members = sorted(value, key=lambda m: (order.index(m) if m in order else len(order), m))
    return "、".join(word(m, fact) for m in members) or "空"


def outcome_words(outcome: Mapping[str, FactValue], table: FactTable) -> str:
    """Return conclusions: ``主办单位：税务局，办理方式：联办``."""
    return "，".join(f"{table.by_code[c].label}：{value_words(v, table.by_code[c])}" for c, v in outcome.items())


def fact_words(code: str, values: Mapping[str, FactValue], table: FactTable) -> str:
    """Return what the facts say of one fact: ``涉及人数是 8``, ``主题有 欠费``, ``没有主题``, ``辖区不明``."""
    fact, value = table.by_code[code], values.get(code)
    if fact.kind is Kind.SET:
        return f"{fact.label}有 {value_words(value, fact)}" if value else f"没有{fact.label}"
    return f"{fact.label}不明" if value is None else f"{fact.label}是 {word(value, fact)}"

"""Why and why not: for each rule that nearly spoke, the comparison that failed and what the ticket says instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.model import SHANGHAI, FactValue, Ticket
from hsdispute_plugin.rules.condition import All, Condition, Leaf, NoneOf, Op, failing
from hsdispute_plugin.rules.facts import FactTable, Kind
from hsdispute_plugin.rules.rulebook import Rule, Rulebook

NEAR = 1  # a rule with this many failing parts, or fewer, nearly spoke


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule that did not speak: the sentences say what failed; empty when it held but an earlier rule had answered."""

    rule: Rule
    family: str
    sentences: tuple[str, ...]


def silences(book: Rulebook, ticket: Ticket, now: datetime, only: str = "") -> Iterator[Silence]:
    """Yield the rules that nearly spoke, family by family; with ``only``, that rule however far it was."""
    facts = book.facts(ticket)
    steps: list[Mapping[str, FactValue]] = []
    decision = book.decide_facts(ticket, facts, now, steps)
    spoke = {r.rule for r in decision.reasons}
    in_force = book.in_force(now.astimezone(SHANGHAI).date())
    for family, values, kept in zip(book.source.families, steps, in_force, strict=True):
        for position, rule in enumerate(family.rules):
            if rule.id in spoke or (kept is not None and position not in kept) or (only and rule.id != only):
                continue
            missing = failing(rule.condition, values)
            if only or len(missing) <= NEAR:
                yield Silence(rule, family.label, tuple(_sentence(m, values, book.source.table) for m in missing))


def words(condition: Condition, table: FactTable) -> str:
    """Return a condition as a clerk would say it: ``涉及人数不少于 10``."""
    if isinstance(condition, Leaf):
        fact = table.by_code[condition.fact]
        members = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        shown = "、".join(_label(m, table, condition.fact) for m in members)
        if condition.op is Op.HAS_ANY:
            return f"{fact.label}含 {shown}" + (" 之一" if len(members) > 1 else "")
        op = "：" if condition.op is Op.EQ and fact.kind is Kind.BOOL else f"{condition.op.value} "
        return f"{fact.label}{op}{shown}"
    if isinstance(condition, NoneOf):
        return "没有（" + "；".join(words(p, table) for p in condition.parts) + "）"
    joint = "且" if isinstance(condition, All) else "或"
    return f" {joint} ".join(words(p, table) for p in condition.parts) or "总是"


def _label(value: object, table: FactTable, code: str) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return table.by_code[code].label_of(value) if isinstance(value, str) else str(value)


def _sentence(missing: Condition, values: Mapping[str, FactValue], table: FactTable) -> str:
    if isinstance(missing, Leaf):
        return f"要求{words(missing, table)}，工单：{_said(missing.fact, values, table)}"
    return f"要求{words(missing, table)}"


def _said(code: str, values: Mapping[str, FactValue], table: FactTable) -> str:
    fact, value = table.by_code[code], values.get(code)
    if value is None:
        return f"{fact.label}不明"
    if isinstance(value, frozenset):
        return f"{fact.label}只有 {'、'.join(fact.label_of(m) for m in sorted(value))}" if value else f"没有{fact.label}"
    return f"{fact.label}是 {_label(value, table, code)}"

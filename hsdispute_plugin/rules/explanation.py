"""Why and why not: what each rule asked for, what the ticket says instead, and the words it says it with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hsdispute_plugin.model import SHANGHAI, Decision, FactValue, Phrase, Ticket
from hsdispute_plugin.rules.condition import All, Condition, Leaf, NoneOf, failing, holds, leaves
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.rulebook import Family, Rule, Rulebook
from hsdispute_plugin.rules.wording import condition_words, fact_words, leaf_words


class State(StrEnum):
    """How a rule fared with a ticket."""

    SPOKE = "成立，已采用"
    ANSWERED = "条件成立，但前面的规则已经给出结论"
    SILENT = "没有成立"
    NOT_IN_FORCE = "不在施行期内"


@dataclass(frozen=True, slots=True)
class Answer:
    """One entry of a rule and how it fared; ``missing`` are the smallest parts whose change would make it hold."""

    rule: Rule
    family: Family
    state: State
    missing: tuple[Condition, ...]


class Explanation:
    """The decision of one ticket, with what every rule answered."""

    def __init__(self, book: Rulebook, ticket: Ticket, now: datetime) -> None:
        facts = book.facts(ticket)
        steps: list[Mapping[str, FactValue]] = []
        self.decision: Decision = book.decide_facts(ticket, facts, now, steps)
        self._table = book.source.table
        self._evidence = facts.evidence
        self._values = {f.code: values for f, values in zip(book.source.families, steps, strict=True)}
        self.answers: tuple[Answer, ...] = tuple(self._ask(book, now))

    def _ask(self, book: Rulebook, now: datetime) -> Iterator[Answer]:
        spoke = {r.rule for r in self.decision.reasons}
        in_force = book.in_force(now.astimezone(SHANGHAI).date())
        for family, kept in zip(book.source.families, in_force, strict=True):
            values = self._values[family.code]
            for position, rule in enumerate(family.rules):
                if kept is not None and position not in kept:
                    yield Answer(rule, family, State.NOT_IN_FORCE, ())
                elif holds(rule.condition, values):
                    yield Answer(rule, family, State.SPOKE if rule.id in spoke else State.ANSWERED, ())
                else:
                    yield Answer(rule, family, State.SILENT, failing(rule.condition, values))

    def near(self) -> Iterator[str]:
        """Yield lines on the rules of which only one part failed: what the ticket says, and what each of them asked for."""
        groups: dict[tuple[str, str], list[str]] = {}
        for a in self.answers:
            if len(a.missing) == 1:
                said = self._said_of(a.missing[0], self._values[a.family.code])
                asked = f"{a.rule.id}（{a.rule.name}）要求{condition_words(a.missing[0], self._table)}"
                groups.setdefault((a.family.label, said), []).append(asked)
        for (family, said), rules in groups.items():
            yield f"  · {family}：本工单{said}"
            yield from (f"      {rule}" for rule in rules)

    def of_rule(self, rule: str) -> Iterator[str]:
        """Yield lines on each entry of one rule: how it fared, and its condition part by part, ✓ or ✗."""
        for a in self.answers:
            if a.rule.id == rule:
                yield f"规则 {a.rule.id}（{a.rule.name}，{a.rule.since} 起，{a.rule.clause}）：{a.state}"
                yield from self._tree(a.rule.condition, self._values[a.family.code], 1)

    def _tree(self, condition: Condition, values: Mapping[str, FactValue], depth: int) -> Iterator[str]:
        mark = "✓" if holds(condition, values) else "✗"
        indent = "  " * depth
        if isinstance(condition, Leaf):
            yield f"{indent}{mark} {leaf_words(condition, self._table)} —— {self._said(condition, values)}"
        elif isinstance(condition, NoneOf):
            for part in condition.parts:
                mark = "✗" if holds(part, values) else "✓"
                yield f"{indent}{mark} 没有（{condition_words(part, self._table)}）—— {self._said_of(part, values)}"
        elif not condition.parts:
            yield f"{indent}{mark} 总是"
        else:
            yield f"{indent}{mark} {'都要成立' if isinstance(condition, All) else '成立一项即可'}："
            for part in condition.parts:
                yield from self._tree(part, values, depth + 1)

    def _said_of(self, condition: Condition, values: Mapping[str, FactValue]) -> str:
        return "；".join(dict.fromkeys(self._said(leaf, values) for leaf in leaves(condition)))

    def _said(self, leaf: Leaf, values: Mapping[str, FactValue]) -> str:
        text = fact_words(leaf.fact, values, self._table)
        if quoted := self._phrases(leaf.fact, values):
            return f"{text}（原文：{'、'.join(f'“{p}”' for p in quoted)}）"
        givers = self._givers(leaf.fact)
        return f"{text}（由 {'、'.join(givers)} 给出）" if givers else text

    def _phrases(self, code: str, values: Mapping[str, FactValue]) -> list[str]:
        of = self._table.by_code[code].counts or code
        value = values.get(of)
        keys = [f"{of}.{m}" for m in sorted(value)] if isinstance(value, frozenset) else [of]
        found: list[Phrase] = [p for key in keys for p in self._evidence.get(key, ())]
        return list(dict.fromkeys(p.text.replace("\n", " ") for p in found))[:4]

    def _givers(self, code: str) -> list[str]:
        of = self._table.by_code[code].counts or code
        return [a.rule.id for a in self.answers if a.state is State.SPOKE and of in a.rule.outcome]


def failing_words(missing: Condition, values: Mapping[str, FactValue], table: FactTable) -> str:
    """Return what a failing part asked for and what the facts say instead."""
    said = "；".join(dict.fromkeys(fact_words(leaf.fact, values, table) for leaf in leaves(missing)))
    return f"要求{condition_words(missing, table)}，给出的事实{said}"

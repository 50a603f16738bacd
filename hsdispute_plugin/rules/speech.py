"""What a rule says when it holds, made ready once: its reason, the conclusions it gives, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from hsdispute_plugin.model import FactValue, Reason
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.condition_code import Matcher, matcher
from hsdispute_plugin.rules.facts import FactTable, Kind

if TYPE_CHECKING:
    from hsdispute_plugin.rules.rulebook import Rule


class Spoken(NamedTuple):
    """A rule that speaks: its ``reason`` without phrases, the keys of evidence ``behind`` it, and ``gives``, the keys in
    the evidence of what it concludes, as far as rules ask for it.
    """

    reason: Reason
    behind: frozenset[str]
    gives: tuple[str, ...]


class Speech:
    """A rule made ready to speak."""

    __slots__ = ("_asked", "_branches", "_held", "_label", "_made", "_sure", "_table", "rule")

    def __init__(self, rule: Rule, table: FactTable, label: str, asked: Collection[str]) -> None:
        """``label``: the name of its family; ``asked``: the facts that rules ask for."""
        self.rule = rule
        self._table, self._label, self._asked = table, label, asked
        #: What stands behind the rule whenever it speaks, and what only where a branch of a 任一 holds.
        self._sure: set[str] = set()
        branches: dict[Condition, set[str]] = {}
        self._plan(rule.condition, None, branches)
        self._branches = tuple(branches.values())
        self._held: Matcher | None = matcher(tuple(branches), table) if branches else None
        self._made: dict[tuple[tuple[str, ...], tuple[int, ...]], Spoken] = {}

    def _plan(self, condition: Condition, branch: Condition | None, branches: dict[Condition, set[str]]) -> None:
        """Note which evidence stands behind a condition: that of its leaves that are true; negated parts give none."""
        match condition:
            case Leaf():
                (self._sure if branch is None else branches.setdefault(branch, set())).update(self._keys(condition))
            case All(parts):
                for part in parts:
                    self._plan(part, branch, branches)
            case AnyOf(parts):
                for part in parts:
                    if isinstance(part, Leaf) and part.op is Op.HAS_ANY:
                        self._plan(part, branch, branches)  # where it does not hold, none of its members is found
                    else:
                        self._plan(part, part if branch is None else All((branch, part)), branches)
            case NoneOf():
                pass

    def _keys(self, leaf: Leaf) -> Iterator[str]:
        """Yield the keys of evidence behind a true leaf: of the fact or, where it is a set, of the members asked for."""
        asked = self._table.by_code[leaf.fact]
        of = self._table.by_code[asked.counts] if asked.counts else asked
        if of.kind is Kind.SET:
            yield from (f"{of.code}.{m}" for m in (of.values.values() if asked.counts else leaf.value))  # type: ignore[union-attr]
        elif of.source != "family":  # a conclusion stands with its own reasons already
            yield of.code

    def spoken(self, gives: Collection[str], values: Mapping[str, FactValue]) -> Spoken:
        """Return the rule as it speaks of facts on which it holds; ``gives``: those of its conclusions that are not given yet."""
        branches = tuple(self._held(values)) if self._held else ()
        key = tuple(gives), branches
        if (made := self._made.get(key)) is None:
            rule = self.rule
            made = self._made[key] = Spoken(
                Reason(rule.id, self._label, rule.clause, rule.because),
                frozenset(self._sure).union(*(self._branches[n] for n in branches)),
                tuple(f"{code}.{m}" for code in gives if code in self._asked and isinstance(v := rule.outcome[code], frozenset)
                      for m in v))
        return made

"""What a rule says when it holds, made ready once: the conclusions it gives, and where the phrases behind it are looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.condition_code import Matcher, matcher
from hsdispute_plugin.rules.facts import FactTable

if TYPE_CHECKING:
    from hsdispute_plugin.rules.rulebook import Rule

_NONE: frozenset[str] = frozenset()


class Given(NamedTuple):
    """One conclusion. ``keys`` are those of its members in the evidence, ``None`` for what is no set; ``united``: sets grow."""

    code: str
    value: FactValue
    keys: tuple[str, ...] | None
    united: bool


class Lookup(NamedTuple):
    """Where the phrases behind a true leaf stand: behind the fact ``of`` or, where it is a set, behind those of its members
    that are among ``members`` (``None``: the fact is no set; empty: behind all of them).
    """

    of: str
    members: frozenset[str] | None


class Speech:
    """A rule made ready to speak. ``sets`` are the codes of facts that are sets, ``conclusions`` those that families give."""

    __slots__ = ("_branches", "_conclusions", "_count_of", "_held", "_sets", "_sure", "gives", "notices", "rule")

    def __init__(
        self, rule: Rule, table: FactTable, *,
        unite: bool, count_of: Mapping[str, str], sets: Collection[str], conclusions: Collection[str],
    ) -> None:
        self.rule = rule
        self.gives = tuple(
            Given(code, value, tuple(f"{code}.{m}" for m in value), unite) if isinstance(value, frozenset)
            else Given(code, value, None, united=False) for code, value in rule.outcome.items())
        self.notices = rule.outcome.get("notices", frozenset())
        self._count_of, self._sets, self._conclusions = count_of, sets, conclusions
        #: What stands behind the rule whenever it speaks, and what only where a branch of a 任一 holds.
        self._sure: list[Lookup] = []
        branches: dict[Condition, list[Lookup]] = {}
        self._plan(rule.condition, None, branches)
        self._branches = tuple(branches.values())
        self._held: Matcher | None = matcher(tuple(branches), table) if branches else None

    def _plan(self, condition: Condition, branch: Condition | None, branches: dict[Condition, list[Lookup]]) -> None:
        """Note where the phrases behind a condition are looked up: those of its leaves that are true; negated parts give none."""
        match condition:
            case Leaf():
                if lookup := self._lookup(condition):
                    (self._sure if branch is None else branches.setdefault(branch, [])).append(lookup)
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

    def _lookup(self, leaf: Leaf) -> Lookup | None:
        of = self._count_of.get(leaf.fact, leaf.fact)
        if of in self._sets:
            return Lookup(of, frozenset(map(str, leaf.value)) if of == leaf.fact else frozenset())  # type: ignore[arg-type]
        return None if of in self._conclusions else Lookup(of, None)  # a conclusion stands with its own reasons already

    def places(self, values: Mapping[str, FactValue], behind: Mapping[str, int]) -> int:
        """Return the places in the ticket that stand behind the rule (bits of ``Evidence``); ``behind`` gives those of a fact."""
        asked = self._sure
        if self._held:
            asked = asked.copy()
            for n in self._held(values):
                asked += self._branches[n]
        places = 0
        for of, members in asked:
            if members is None:
                places |= behind.get(of, 0)
                continue
            held: frozenset[str] = values.get(of, _NONE)  # type: ignore[assignment]
            for member in held & members if members else held:
                places |= behind.get(f"{of}.{member}", 0)
        return places

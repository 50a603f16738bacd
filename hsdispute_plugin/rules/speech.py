"""What a rule says when it holds, made ready once: the conclusions it gives, and where the phrases behind it are looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hsdispute_plugin.model import FactValue, Phrase
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, leaves, true_leaves

if TYPE_CHECKING:
    from hsdispute_plugin.rules.rulebook import Rule

_NONE: frozenset[str] = frozenset()
#: Phrases shown with one reason; more would hide the rule behind the words.
MAX_PHRASES = 6


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

    __slots__ = ("_by_leaf", "_sure", "gives", "notices", "rule")

    def __init__(
        self, rule: Rule, *, unite: bool, count_of: Mapping[str, str], sets: Collection[str], conclusions: Collection[str]
    ) -> None:
        self.rule = rule
        self.gives = tuple(
            Given(code, value, tuple(f"{code}.{m}" for m in value), unite) if isinstance(value, frozenset)
            else Given(code, value, None, united=False) for code, value in rule.outcome.items())
        self.notices = rule.outcome.get("notices", frozenset())

        def behind(leaf: Leaf) -> Lookup | None:
            of = count_of.get(leaf.fact, leaf.fact)
            if of in sets:
                return Lookup(of, frozenset(map(str, leaf.value)) if of == leaf.fact else frozenset())  # type: ignore[arg-type]
            return None if of in conclusions else Lookup(of, None)  # a conclusion stands with its own reasons already

        self._by_leaf = {id(leaf): behind(leaf) for leaf in leaves(rule.condition)}
        # Leaves that are true whenever the rule speaks; where there is a 任一 they are asked each time.
        self._sure = None if _has_choice(rule.condition) else self._lookups(true_leaves(rule.condition, {}, sure=True))

    def _lookups(self, held: Sequence[Leaf]) -> tuple[Lookup, ...]:
        return tuple([lookup for leaf in held if (lookup := self._by_leaf[id(leaf)])])

    def phrases(self, values: Mapping[str, FactValue], evidence: Mapping[str, tuple[Phrase, ...]]) -> tuple[Phrase, ...]:
        """Return the words of the ticket behind the rule, in their order, without those inside another."""
        found: list[Phrase] = []
        asked = self._sure
        if asked is None:
            asked = self._lookups(true_leaves(self.rule.condition, values, sure=True))
        for of, members in asked:
            if members is None:
                found += evidence[of]
                continue
            held: frozenset[str] = values.get(of, _NONE)  # type: ignore[assignment]
            for member in held & members if members else held:
                found += evidence[f"{of}.{member}"]
        return _tidy(found) if len(found) > 1 else tuple(found)


def _has_choice(condition: Condition) -> bool:
    """Tell whether a 任一 stands outside every 均不."""
    return isinstance(condition, AnyOf) or (isinstance(condition, All) and any(map(_has_choice, condition.parts)))


def _tidy(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    kept: list[Phrase] = []
    reach = -1
    for phrase in sorted(set(phrases), key=_span):
        if phrase[2] > reach:
            kept.append(phrase)
            reach = phrase[2]
    return tuple(kept[:MAX_PHRASES])


def _span(phrase: Phrase) -> tuple[int, int]:
    return phrase[1], -phrase[2]

"""What a family says, kept by what it asks of a ticket: tickets repeat that, whatever else they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hsdispute_plugin.model import Alert, FactValue
from hsdispute_plugin.rules.condition import All, Condition, Leaf, Op, leaves
from hsdispute_plugin.rules.speech import Speech, Spoken
from hsdispute_plugin.rules.truths import Truths

if TYPE_CHECKING:
    from hsdispute_plugin.rules.rulebook import Engine

REMEMBERED = 2_000  # answers of one family kept ready


class Said(NamedTuple):
    """What a family says: its rules that speak, in order, what they conclude together, and who is to be told at once."""

    spoken: tuple[Spoken, ...] = ()
    concluded: tuple[tuple[str, FactValue], ...] = ()
    alerts: tuple[Alert, ...] = ()



class Answers:
    """The answers of one family on days when the same of its rules are in force. Safe to share between threads."""

    def __init__(
        self, engine: Engine, speeches: Sequence[Speech], in_force: frozenset[int] | None,
        truths: Truths, concluded: Collection[str], notices: Mapping[str, str], *, unite: bool,
    ) -> None:
        """``concluded``: the facts that families conclude; ``unite``: sets that rules conclude grow, else each conclusion comes
        from the first rule that gives it.
        """
        self._engine, self._speeches, self._in_force = engine, speeches, in_force
        self._truths, self._notices, self._unite = truths, notices, unite
        rules = [s.rule for n, s in enumerate(speeches) if in_force is None or n in in_force]
        #: Of each rule what it demands outright, and all that it asks.
        self._rules = [(truths.mask(_demanded(r.condition)), truths.mask(leaves(r.condition))) for r in rules]
        #: What is asked first, since it has few answers: where one of them fails, the rest of a rule need not be asked.
        self._first = truths.mask(
            leaf for r in rules for leaf in _demanded(r.condition) if leaf.op is not Op.HAS_ANY or leaf.fact in concluded)
        self._then: dict[int, int] = {}
        self._kept: dict[int, Said] = {}
        self._said: dict[tuple[Spoken, ...], Said] = {}  # each once: what is asked differs more than what is answered

    def of(self, truths: int, values: Mapping[str, FactValue]) -> Said:
        """Return what the family says of facts, given ``truths`` of them, too."""
        first = truths & self._first
        if (then := self._then.get(first)) is None:
            then = self._asked_after(first)
        asked = truths & then
        if (known := self._kept.get(asked)) is None:
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
                self._said.clear()
            said = self._ask(self._truths.counted(values))
            known = self._kept[asked] = self._said.setdefault(said.spoken, said)
        return known

    def _asked_after(self, first: int) -> int:
        asked = self._first
        for demanded, all_asked in self._rules:
            if first & demanded == demanded & self._first:
                asked |= all_asked
        if len(self._then) >= REMEMBERED:
            self._then.clear()
        self._then[first] = asked
        return asked

    def _ask(self, values: Mapping[str, FactValue]) -> Said:
        concluded: dict[str, FactValue] = {}
        spoken: list[Spoken] = []
        alerts: dict[str, Alert] = {}
        for n in self._engine.matching(values):
            if self._in_force is not None and n not in self._in_force:
                continue
            speech = self._speeches[n]
            outcome = speech.rule.outcome
            gives = [c for c, v in outcome.items() if c not in concluded or (self._unite and isinstance(v, frozenset))]
            if not gives:
                continue
            spoken.append(speech.spoken(gives, values))
            for code in gives:
                value = outcome[code]
                concluded[code] = concluded[code] | value if code in concluded else value  # type: ignore[operator]
            if "notices" in gives:
                # In the order of notices.yaml: 110 before the office.
                for key, what in self._notices.items():
                    if key in outcome["notices"]:  # type: ignore[operator]
                        alerts.setdefault(key, Alert(key, what, speech.rule.id))
        return Said(tuple(spoken), tuple(concluded.items()), tuple(alerts.values()))


def _demanded(condition: Condition) -> list[Leaf]:
    """Return the comparisons without which a condition cannot hold."""
    return [p for p in (condition.parts if isinstance(condition, All) else (condition,)) if isinstance(p, Leaf)]

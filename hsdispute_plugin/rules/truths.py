"""What rules ask of a ticket, as one number: its bits say which comparisons hold. Values repeat, so each is compared once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Condition, Leaf, Op, holds, leaves
from hsdispute_plugin.rules.facts import FactTable

REMEMBERED = 1_000  # values of one fact kept compared


class Compared(dict[FactValue | None, int]):
    """The bits of the comparisons of one fact (and of its count) that hold of a value; ``None``: the fact is missing."""

    def __init__(self, fact: str) -> None:
        self._fact = fact
        self.count = ""  # the fact that is the number of its members, where a comparison asks for that
        self._whole: list[tuple[Leaf, int]] = []
        self._members: dict[str, int] = {}  # of a set: the bits of the comparisons that ask for a member

    def add(self, leaf: Leaf, bit: int) -> None:
        """Take in a comparison."""
        if leaf.op is Op.HAS_ANY:
            for member in leaf.value:  # type: ignore[union-attr]
                self._members[member] = self._members.get(member, 0) | bit  # type: ignore[index, arg-type]
            return
        self._whole.append((leaf, bit))
        if leaf.fact != self._fact:
            self.count = leaf.fact

    def __missing__(self, value: FactValue | None) -> int:
        facts: dict[str, FactValue] = {} if value is None else {self._fact: value}
        if self.count:
            facts[self.count] = len(value or ())  # type: ignore[arg-type]
        found = sum(bit for leaf, bit in self._whole if holds(leaf, facts))
        if isinstance(value, frozenset):
            for member in value:
                found |= self._members.get(member, 0)
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = found
        return found


class Truths:
    """The comparisons that some conditions make, each with its bit."""

    def __init__(self, conditions: Iterable[Condition], table: FactTable) -> None:
        #: By fact; a number of members is asked of the fact whose members they are.
        self.compared: dict[str, Compared] = {}
        self._bits: dict[Leaf, int] = {}
        for n, leaf in enumerate(dict.fromkeys(leaf for c in conditions for leaf in leaves(c))):
            self._bits[leaf] = 1 << n
            of = table.by_code[leaf.fact].counts or leaf.fact
            self.compared.setdefault(of, Compared(of)).add(leaf, 1 << n)

    def of(self, values: Mapping[str, FactValue]) -> int:
        """Return the bits of all comparisons that hold."""
        truths, get = 0, values.get
        for fact, compared in self.compared.items():
            truths |= compared[get(fact)]
        return truths

    def counted(self, values: Mapping[str, FactValue]) -> dict[str, FactValue]:
        """Return the facts with the numbers of members that comparisons ask for."""
        return {**values, **{c.count: len(values.get(of, ())) for of, c in self.compared.items() if c.count}}  # type: ignore[arg-type]

    def mask(self, asked: Iterable[Leaf]) -> int:
        """Return the bits of some comparisons."""
        return sum({self._bits[leaf] for leaf in asked})

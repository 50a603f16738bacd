"""Finds the ticket that shows a finding, and makes it say no more than it must."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.chain import Chain
from hsdispute_plugin.rules.circuit import FALSE, Circuit
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import FactTable, Kind
from hsdispute_plugin.rules.sat import Solver

#: Random tickets tried before anything is proved: a quarter each with every 16th, 8th, 4th and 2nd input true.
TRIED = 16_384
#: Tickets tried around each one that only proof could find; every 8th input is another.
AROUND = 4096


class _Pool:
    """Tickets at hand: bit ``n`` of each number speaks of ticket ``n``; ``real`` are those that are possible."""

    def __init__(self, circuit: Circuit, given: dict[int, int], count: int) -> None:
        full = (1 << count) - 1
        for _ in range(3):  # each round mends one step of a chain of consequences
            for clause in circuit.clauses:
                broken = full
                for x in clause:
                    broken &= full ^ given[x] if x > 0 else given[-x]
                if broken:
                    given[abs(next((x for x in clause if x > 0), clause[-1]))] ^= broken
        self.bits = circuit.compute(given, full)
        self.real = circuit.possible(self.bits, full)

    def shows(self, literals: Sequence[int]) -> int:
        """Return which possible tickets show all literals."""
        shown = self.real
        for x in literals:
            shown &= self.bits[x]
            if not shown:
                break
        return shown

    def first(self, inputs: Sequence[int], literals: Sequence[int]) -> frozenset[int] | None:
        """Return the true inputs of the first that does."""
        shown = self.shows(literals)
        at = (shown & -shown).bit_length() - 1
        return frozenset(x for x in inputs if self.bits[x] >> at & 1) if shown else None


class Search:
    """Looks for tickets for which literals of one chain hold: first among those at hand, then by proof."""

    def __init__(self, chain: Chain) -> None:
        self._circuit = chain.circuit
        self._dice = random.Random(30)  # any seed will do; a fixed one makes findings repeatable
        self._solver: Solver | None = None
        self._pools = [
            _Pool(self._circuit, {x: self._draw(TRIED // 4, thinned) for x in self._circuit.inputs}, TRIED // 4)
            for thinned in (3, 2, 1, 0)
        ]
        self._suggested: list[_Pool] = []

    def suggest(self, tickets: Sequence[frozenset[int]]) -> None:
        """Have these tickets, given by their true inputs and mended where impossible, at hand for what is asked next."""
        given = dict.fromkeys(self._circuit.inputs, 0)
        for n, ticket in enumerate(tickets):
            for x in ticket:
                given[x] |= 1 << n
        self._suggested.append(_Pool(self._circuit, given, len(tickets)))

    def possible(self, *literals: int) -> bool:
        """Tell whether there is a possible ticket for which all literals hold; ``False`` is proved."""
        if FALSE in literals:
            return False
        if any(pool.shows(literals) for pool in (*self._suggested, *self._pools)):
            return True
        found = self._prove(literals)
        if found is not None:
            full = (1 << AROUND) - 1
            near = {x: self._draw(AROUND, 2) ^ (full if x in found else 0) for x in self._circuit.inputs}
            self._pools.append(_Pool(self._circuit, near, AROUND))
        return found is not None

    def example(self, *literals: int) -> frozenset[int]:
        """Return the true inputs of a ticket for which all literals hold, few of which it could do without.

        Raises:
            LookupError: There is none; ask ``possible`` first.
        """
        true = next((t for pool in self._suggested if (t := pool.first(self._circuit.inputs, literals)) is not None), None)
        if true is None:
            true = self._prove(literals)
        if true is None:
            raise LookupError("no ticket shows this")
        inputs, gates = self._circuit.below(literals)
        order = [*sorted(true.difference(inputs)), *sorted(true.intersection(inputs))]
        shown = self._shown([true - {x} for x in order], literals, gates)
        kept = frozenset(x for n, x in enumerate(order) if not shown >> n & 1)
        rest = [x for x in order if x not in kept]
        while rest:  # the longest drop that still shows all is taken
            shown = self._shown([kept.union(rest[n:]) for n in range(1, len(rest) + 1)], literals, gates)
            dropped = shown.bit_length()
            kept |= frozenset(rest[dropped : dropped + 1])
            rest = rest[dropped + 1 :]
        return kept

    def _shown(self, tickets: Sequence[frozenset[int]], literals: Sequence[int], gates: Sequence[int]) -> int:
        given: dict[int, int] = {}
        for n, ticket in enumerate(tickets):
            for x in ticket:
                given[x] = given.get(x, 0) | 1 << n
        full = (1 << len(tickets)) - 1
        bits = self._circuit.compute(given, full, gates)
        shown = self._circuit.possible(bits, full)
        for x in literals:
            shown &= bits[x]
        return shown

    def holding(self, true: frozenset[int]) -> frozenset[int]:
        """Return all literals that hold for the ticket found."""
        return frozenset(x for x, bits in self._circuit.compute(dict.fromkeys(true, 1), 1).items() if bits)

    def _prove(self, literals: Sequence[int]) -> frozenset[int] | None:
        self._solver = self._solver or Solver(self._circuit)
        return self._solver.possible(literals)

    def _draw(self, count: int, thinned: int) -> int:
        bits = self._dice.getrandbits(count)
        for _ in range(thinned):
            bits &= self._dice.getrandbits(count)
        return bits


def in_words(facts: Mapping[str, FactValue], table: FactTable) -> str:
    """Write facts as a clerk reads them: ``主题 欠费、补缴；涉及人数 10``. What is empty, unknown, 否 or 0 is left out."""
    said = []
    for code, value in facts.items():
        fact = table.by_code[code]
        if isinstance(value, frozenset):
            shown = value_in_words(code, value, table)
        elif fact.kind is Kind.BOOL:
            shown = "是" if value else ""
        elif value == 0:
            shown = "" if not fact.optional else "0"
        else:
            shown = fact.label_of(str(value))
        if shown:
            said.append(f"{fact.label} {shown}")
    return "；".join(said) or "没有写明任何事实"


def value_in_words(code: str, value: FactValue | Sequence[Scalar], table: FactTable) -> str:
    """Write a value or a list of values by its labels."""
    several = sorted(value) if isinstance(value, frozenset) else value if isinstance(value, tuple) else (value,)
    return "、".join(("是" if v else "否") if isinstance(v, bool) else table.by_code[code].label_of(str(v)) for v in several)

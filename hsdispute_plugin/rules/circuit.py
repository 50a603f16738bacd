"""Yes-or-no questions about rules as one network of “and”: asked of thousands of tickets at once, or proved for all.

A literal is a number, its negation the negative number. ``TRUE`` and ``FALSE`` are literals too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

TRUE, FALSE = 1, -1


class Circuit:
    """Inputs, “and” gates over them, and clauses that every possible ticket satisfies.

    Gates only grow and stand after what they ask for, so that one pass in order computes all.
    """

    def __init__(self) -> None:
        self.size = 1  # literals run to this number
        self.inputs: list[int] = []
        self.gates: dict[int, tuple[int, ...]] = {}
        self.clauses: list[tuple[int, ...]] = []  # 任一 of the literals holds for every possible ticket
        self._known: dict[tuple[int, ...], int] = {}
        self._below = {TRUE: 0}  # what a literal stands on, itself too, as bits

    def input(self) -> int:
        """Return a new literal that tickets decide."""
        self.size += 1
        self.inputs.append(self.size)
        self._below[self.size] = 1 << self.size
        return self.size

    def every(self, literals: Iterable[int]) -> int:
        """Return the literal that holds when all do."""
        parts = set(literals)
        parts.discard(TRUE)
        if FALSE in parts or any(-p in parts for p in parts):
            return FALSE
        if not parts:
            return TRUE
        key = tuple(sorted(parts))
        if len(key) == 1:
            return key[0]
        if key not in self._known:
            self.size += 1
            self.gates[self.size] = key
            self._known[key] = self.size
            self._below[self.size] = 1 << self.size
            for part in key:
                self._below[self.size] |= self._below[abs(part)]
        return self._known[key]

    def some(self, literals: Iterable[int]) -> int:
        """Return the literal that holds when one does."""
        return -self.every(-x for x in literals)

    def at_least(self, count: int, literals: Sequence[int]) -> int:
        """Return the literal that holds when ``count`` of the literals do."""
        if count <= 0:
            return TRUE
        reached = [TRUE] + [FALSE] * count
        for literal in literals:
            for k in range(count, 0, -1):
                reached[k] = self.some([reached[k], self.every([literal, reached[k - 1]])])
        return reached[count]

    def compute(self, given: Mapping[int, int], full: int, gates: Iterable[int] | None = None) -> dict[int, int]:
        """Compute literals for many tickets at once: bit ``n`` of every number speaks of ticket ``n``.

        ``given`` holds the bits of the inputs (absent: none), ``full`` has a bit set for every ticket; ``gates`` are those
        wanted, with all they stand on, ascending (all). The answer knows literals both ways, x and -x.
        """
        bits = {TRUE: full, FALSE: 0}
        for literal in self.inputs:
            bits[literal] = given.get(literal, 0)
            bits[-literal] = full ^ bits[literal]
        for gate in self.gates if gates is None else gates:
            value = full
            for part in self.gates[gate]:
                value &= bits[part]
                if not value:
                    break
            bits[gate] = value
            bits[-gate] = full ^ value
        return bits

    def possible(self, bits: Mapping[int, int], full: int) -> int:
        """Return which of the computed tickets satisfy every clause."""
        for clause in self.clauses:
            held = 0
            for x in clause:
                held |= bits[x]
            full &= held
        return full

    def below(self, literals: Iterable[int]) -> tuple[list[int], list[int]]:
        """Return the inputs and the gates that the literals stand on, each ascending."""
        stood_on = 0
        for x in literals:
            stood_on |= self._below[abs(x)]
        return [x for x in self.inputs if stood_on >> x & 1], [g for g in self.gates if stood_on >> g & 1]

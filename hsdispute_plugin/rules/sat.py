"""Proves for all tickets at once that something cannot be, or finds the ticket for which it is.

A conflict-driven search (learned clauses, two watched literals), in plain Python: z3 has no wheel for the ARM64 machines
with glibc below 2.34 that counties run (2026-11), and a circuit of 300 rules needs no more than this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hsdispute_plugin.rules.circuit import TRUE, Circuit

Clause = list[int]


class Solver:
    """Answers about one circuit, which must not grow any more. What it learns serves the next question."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._value = [0] * (2 * circuit.size + 1)  # by literal, negative ones from the end: 1 true, -1 false, 0 open
        self._why: dict[int, Clause | None] = {}
        self._level: dict[int, int] = {}
        self._trail: list[int] = []
        self._starts: list[int] = []  # where each level begins on the trail
        self._next = 0
        self._watched: defaultdict[int, list[Clause]] = defaultdict(list)
        self._heat: defaultdict[int, float] = defaultdict(float)
        self._step = 1.0
        # Inputs that may not all be left false; the others may, once all that follows is set: no clause objects.
        self._loose = sorted({x for c in circuit.clauses if sum(x > 0 for x in c) > 1 for x in c if x > 0})
        self._set(TRUE, None)
        for gate, parts in circuit.gates.items():
            self._add([gate, *(-p for p in parts)])
            for p in parts:
                self._add([-gate, p])
        for clause in circuit.clauses:
            self._add(list(clause))

    def possible(self, literals: Sequence[int]) -> frozenset[int] | None:
        """Return the inputs that are true of one ticket for which all the literals hold; ``None`` if there is none.

        Inputs are left false where nothing asks for them, so that the ticket says little more than it must.
        """
        self._back_to(0)
        order, _ = self._circuit.below(literals)
        while True:
            conflict = self._spread()
            if conflict is not None:
                if not self._starts:
                    return None
                self._learn(conflict)
                continue
            level = len(self._starts)
            if level < len(literals):
                literal = literals[level]
                if self._value[literal] < 0:
                    return None
                self._starts.append(len(self._trail))
                if self._value[literal] == 0:
                    self._set(literal, None)
                continue
            open_ = [x for x in order if self._value[x] == 0] or [x for x in self._loose if self._value[x] == 0]
            if not open_:
                return frozenset(x for x in self._circuit.inputs if self._value[x] > 0)
            self._starts.append(len(self._trail))
            self._set(-max(open_, key=self._heat.__getitem__), None)

    def _add(self, clause: Clause) -> None:
        if len(clause) == 1:
            self._set(clause[0], None)
            return
        self._watched[clause[0]].append(clause)
        self._watched[clause[1]].append(clause)

    def _set(self, literal: int, why: Clause | None) -> None:
        self._value[literal] = 1
        self._value[-literal] = -1
        self._why[abs(literal)] = why
        self._level[abs(literal)] = len(self._starts)
        self._trail.append(literal)

    def _spread(self) -> Clause | None:
        """Set all that follows; return a clause that cannot hold any more, if one is met."""
        value, watched, trail = self._value, self._watched, self._trail
        why, levels, level = self._why, self._level, len(self._starts)
        at = self._next
        while at < len(trail):
            false = -trail[at]
            at += 1
            kept: list[Clause] = []
            clauses = watched[false]
            for n, clause in enumerate(clauses):
                first = clause[0]
                if first == false:
                    first = clause[0] = clause[1]
                    clause[1] = false
                held = value[first]
                if held > 0:
                    kept.append(clause)
                    continue
                for k in range(2, len(clause)):
                    other = clause[k]
                    if value[other] >= 0:
                        clause[1], clause[k] = other, false
                        watched[other].append(clause)
                        break
                else:
                    kept.append(clause)
                    if held < 0:
                        kept += clauses[n + 1 :]
                        watched[false], self._next = kept, at
                        return clause
                    value[first], value[-first] = 1, -1  # ``_set``, here because this loop is where the time goes
                    why[abs(first)], levels[abs(first)] = clause, level
                    trail.append(first)
            watched[false] = kept
        self._next = at
        return None

    def _learn(self, conflict: Clause) -> None:
        """Learn the first clause by which the conflict could have been foreseen, and go back to where it speaks."""
        level = len(self._starts)
        seen: set[int] = set()
        learned: Clause = []
        pending, at = 0, len(self._trail)
        reason, literal = conflict, 0
        while True:
            for x in reason:
                if x != literal and abs(x) not in seen and self._level[abs(x)] > 0:
                    seen.add(abs(x))
                    self._heat[abs(x)] += self._step
                    if self._level[abs(x)] == level:
                        pending += 1
                    else:
                        learned.append(x)
            while True:
                at -= 1
                if abs(self._trail[at]) in seen:
                    break
            literal = self._trail[at]
            pending -= 1
            if pending == 0:
                break
            reason = self._why[abs(literal)] or []
        self._step *= 1.05
        learned.sort(key=lambda x: -self._level[abs(x)])
        back = self._level[abs(learned[0])] if learned else 0
        clause = [-literal, *learned]
        self._back_to(back)
        if len(clause) > 1:
            self._add(clause)
        self._set(-literal, clause if len(clause) > 1 else None)

    def _back_to(self, level: int) -> None:
        if len(self._starts) <= level:
            return
        for literal in self._trail[self._starts[level] :]:
            self._value[literal] = self._value[-literal] = 0
        del self._trail[self._starts[level] :]
        del self._starts[level:]
        self._next = min(self._next, len(self._trail))

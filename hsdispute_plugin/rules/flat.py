"""Conditions and facts in the flat form that an engine of fixed tables can take: no negation, no sets, nothing missing.

Every property is a small whole number under a name ``p0``, ``p1``, …: the core knows a property only by a 32-bit hash of
its name, and no two of these names share one. No word of a ticket, a rule file or a plugin reaches the core.

- 多选: one property for each group of members that a rule asks for together, 1 if the set has one of them, else 0;
  where more groups than members are asked for, one for each member;
- 整数, 是否: the least number that no test of the net tells from it; 是 is 1, 否 is 0;
- 单选: the place of the value among those that rules ask for, from 1; 0 is any other value;
- a missing fact is ``MISSING``, smaller than all these.

A property is left out where it holds the value of most tickets (0 of a member, ``MISSING``) and no test of the net is
true of that value. To the core, a test on a property that is not there fails; and short facts are read faster.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar, leaves
from hsdispute_plugin.rules.facts import FactTable, Kind

LARGEST = 1_000_000_000  # the largest number a rule may name
MISSING = -2 * LARGEST - 1
_OTHER = 0


@dataclass(frozen=True, slots=True)
class Atom:
    """``prop op value`` on a flat property; ``op`` is one of ``== != < <= > >=``."""

    prop: str
    op: str
    value: int


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts: true."""

    parts: tuple[Flat, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """A part holds; no parts: false."""

    parts: tuple[Flat, ...]


Flat = Atom | And | Or
TRUE, FALSE = And(()), Or(())

_SIGNS = {Op.EQ: "==", Op.NE: "!=", Op.GE: ">=", Op.LE: "<=", Op.GT: ">", Op.LT: "<"}
_NOT = {"==": "!=", "!=": "==", ">=": "<", "<": ">=", "<=": ">", ">": "<="}
#: Signs that MISSING would satisfy though a leaf on a missing fact is false.
_TRUE_OF_MISSING = ("!=", "<", "<=")

Write = Callable[[Mapping[str, FactValue]], str]


class Flattener:
    """Turns conditions and facts of one family into flat ones."""

    def __init__(self, table: FactTable, conditions: Iterable[Condition] = ()) -> None:
        """``conditions``: all that will be flattened; those of which nothing is known are flattened member by member."""
        self._table = table
        groups: dict[str, set[frozenset[str]]] = {}
        for leaf in (leaf for c in conditions for leaf in leaves(c)):
            if table.by_code[leaf.fact].kind is Kind.SET:
                groups.setdefault(leaf.fact, set()).add(_group(leaf))
        self._grouped = {fact for fact, asked in groups.items() if len(asked) <= len(frozenset[str]().union(*asked))}
        self._members: dict[tuple[str, frozenset[str]], str] = {}  # set fact and members -> property
        self._scalars: dict[str, str] = {}  # other fact -> property
        self._places: dict[str, dict[str, int]] = {}  # 单选 fact -> value -> its place

    def condition(self, condition: Condition) -> Flat:
        """Flatten one condition: negation pushed to the leaves by De Morgan, constants folded away."""
        return self._push(condition, negated=False)

    def _push(self, condition: Condition, *, negated: bool) -> Flat:
        match condition:
            case Leaf():
                return self._leaf(condition, negated=negated)
            case All(parts):
                return _join((self._push(p, negated=negated) for p in parts), Or if negated else And)
            case AnyOf(parts):
                return _join((self._push(p, negated=negated) for p in parts), And if negated else Or)
            case NoneOf(parts):
                return _join((self._push(p, negated=not negated) for p in parts), Or if negated else And)

    def _leaf(self, leaf: Leaf, *, negated: bool) -> Flat:
        fact, op = leaf.fact, leaf.op
        values: tuple[Scalar, ...] = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        if self._table.by_code[fact].kind is Kind.SET:
            together = [_group(leaf)] if fact in self._grouped else [frozenset((str(v),)) for v in values]
            props = [self._members.setdefault((fact, members), self._next()) for members in together]
            return _join((Atom(p, "==", int(not negated)) for p in props), And if negated else Or)
        prop = self._scalars.setdefault(fact, self._next())
        sign = "==" if op is Op.IN else "!=" if op is Op.NOT_IN else _SIGNS[op]
        atoms = [Atom(prop, sign, self._number(fact, v)) for v in values]
        if sign in _TRUE_OF_MISSING:
            atoms.append(Atom(prop, "!=", MISSING))
        if not negated:
            return _join(atoms, Or if op is Op.IN else And)
        return _join((Atom(prop, _NOT[a.op], a.value) for a in atoms), And if op is Op.IN else Or)

    def _next(self) -> str:
        return f"p{len(self._members) + len(self._scalars)}"

    def _number(self, fact: str, value: Scalar) -> int:
        if isinstance(value, int):
            return int(value)
        places = self._places.setdefault(fact, {})
        return places.setdefault(value, len(places) + 1)

    def writer(self, conditions: Iterable[Flat]) -> Write:
        """Return the function that writes the facts of a ticket as JSON text with the properties these conditions ask for.

        Call it once all conditions are flattened. The function raises ``TypeError`` on a value that is not of its fact's kind.
        """
        asked: dict[str, set[Atom]] = {}
        for atom in (a for c in conditions for a in atoms(c)):
            asked.setdefault(atom.prop, set()).add(atom)

        always = ['{"id":"t"']

        def place(prop: str, usual: int) -> int:
            """Return where in ``always`` a property stands, 0 if it may be left out where it has its usual value."""
            if not any(_true_of(a, usual) for a in asked[prop]):
                return 0
            always.append(f',"{prop}":{usual}')
            return len(always) - 1

        def worded(fact: str, prop: str) -> Callable[[FactValue], str]:
            """Return how a value is written: a number as the least that no test tells from it, nothing where all tests fail."""
            def text(number: int) -> str:
                return f',"{prop}":{number}' if any(_true_of(a, number) for a in asked[prop]) else ""

            if (places := self._places.get(fact)) is not None:
                known, other = {value: text(n) for value, n in places.items()}, text(_OTHER)
                return lambda value: known.get(value, other)  # type: ignore[arg-type]
            steps = sorted({n for a in asked[prop] if a.value != MISSING for n in _steps(a)})
            texts = [text(n) for n in (steps[0] - 1 if steps else 0, *steps)]
            return lambda value: texts[bisect_right(steps, value)]

        sets: dict[str, list[tuple[frozenset[str], int, str]]] = {}
        for (fact, members), prop in self._members.items():
            if prop in asked:
                sets.setdefault(fact, []).append((members, place(prop, 0), f',"{prop}":1'))
        set_facts = tuple(sets.items())
        scalars = tuple((fact, place(prop, MISSING), worded(fact, prop)) for fact, prop in self._scalars.items() if prop in asked)

        def write(values: Mapping[str, FactValue]) -> str:
            text = always.copy()
            for fact, tests in set_facts:
                if held := values.get(fact):
                    for members, at, one in tests:
                        if not members.isdisjoint(held):  # type: ignore[arg-type]
                            if at:
                                text[at] = one
                            else:
                                text.append(one)
            for fact, at, text_of in scalars:
                value = values.get(fact)
                if value is not None:
                    if at:
                        text[at] = text_of(value)
                    else:
                        text.append(text_of(value))
            text.append("}")
            return "".join(text)

        return write


def _group(leaf: Leaf) -> frozenset[str]:
    return frozenset(map(str, leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)))


def _join(parts: Iterable[Flat], group: type[And] | type[Or]) -> Flat:
    zero, unit = (FALSE, TRUE) if group is And else (TRUE, FALSE)
    kept: list[Flat] = []
    for part in parts:
        if part == zero:
            return zero
        kept += part.parts if isinstance(part, group) else [part]
    unique = tuple(dict.fromkeys(p for p in kept if p != unit))
    if not unique:
        return unit
    if len(unique) == 1:
        return unique[0]
    return And(tuple(sorted(unique, key=_seldom_first))) if group is And else Or(unique)


def _seldom_first(part: Flat) -> int:
    """Order a conjunction so that most tickets leave it at its first test: the core walks it from left to right."""
    if not isinstance(part, Atom):
        return 3
    return 0 if part.op == "==" and part.value else 1 if part.op in (">=", ">") else 2


def _steps(atom: Atom) -> tuple[int, ...]:
    """Return the numbers from which on a test says something else."""
    match atom.op:
        case "==" | "!=":
            return atom.value, atom.value + 1
        case "<" | ">=":
            return (atom.value,)
        case _:
            return (atom.value + 1,)


def _true_of(atom: Atom, number: int) -> bool:
    match atom.op:
        case "==":
            return number == atom.value
        case "!=":
            return number != atom.value
        case "<":
            return number < atom.value
        case "<=":
            return number <= atom.value
        case ">":
            return number > atom.value
        case _:
            return number >= atom.value


def atoms(flat: Flat) -> Iterator[Atom]:
    """Yield every test, left to right."""
    if isinstance(flat, Atom):
        yield flat
    else:
        for part in flat.parts:
            yield from atoms(part)


def properties(flat: Flat) -> frozenset[str]:
    """Return the properties that a condition asks for."""
    return frozenset(a.prop for a in atoms(flat))

"""Conditions and facts in the flat form that an engine of fixed tables can take: no negation, no sets, nothing missing.

Every property is a small whole number under a name ``p0``, ``p1``, …: the core knows a property only by a 32-bit hash of
its name, and no two of these names share one. No word of a ticket, a rule file or a plugin reaches the core.

- 多选: one property for each member that a rule asks for, 1 if the set has it, else 0;
- 整数, 是否: the number, clipped; 是 is 1, 否 is 0;
- 单选: the place of the value among those that rules ask for, from 1; 0 is any other value;
- a missing fact is ``MISSING``, smaller than all these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar
from hsdispute_plugin.rules.facts import FactTable, Kind

#: The largest number a rule may name. Facts are clipped to twice that, so that each keeps its side of every such number.
LARGEST = 1_000_000_000
_CLIP = 2 * LARGEST
MISSING = -_CLIP - 1
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

    def __init__(self, table: FactTable) -> None:
        self._table = table
        self._members: dict[tuple[str, str], str] = {}  # set fact and member -> property
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
            props = [self._members.setdefault((fact, str(v)), self._next()) for v in values]
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

        Call it once all conditions are flattened. Every property is always present, as a number.
        The function raises ``TypeError`` on a value that is not of its fact's kind.
        """
        asked = set().union(*map(properties, conditions))
        sets: dict[str, list[str]] = {}
        names: list[str] = []
        for (fact, member), prop in sorted(self._members.items()):  # one fact's members side by side
            if prop in asked:
                sets.setdefault(fact, []).append(member)
                names.append(prop)
        scalars = [(fact, self._places.get(fact)) for fact, prop in self._scalars.items() if prop in asked]
        names += [self._scalars[fact] for fact, _ in scalars]
        template = '{"id":"t",' + ",".join(f'"{p}":%d' for p in names) + "}"
        groups = tuple(sets.items())

        def write(values: Mapping[str, FactValue]) -> str:
            numbers: list[int] = []
            for fact, members in groups:
                have = values.get(fact, ())
                numbers += [m in have for m in members] if have else [0] * len(members)  # type: ignore[operator]
            for fact, places in scalars:
                value = values.get(fact)
                if value is None:
                    numbers.append(MISSING)
                elif places is not None:
                    numbers.append(places.get(value, _OTHER))  # type: ignore[arg-type]
                else:
                    numbers.append(max(-_CLIP, min(_CLIP, value)))  # type: ignore[arg-type]
            return template % tuple(numbers)

        return write


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
    return unique[0] if len(unique) == 1 else group(unique)


def properties(flat: Flat) -> frozenset[str]:
    """Return the properties that a condition asks for."""
    return frozenset({flat.prop}) if isinstance(flat, Atom) else frozenset().union(*map(properties, flat.parts))

"""Conditions and facts in the flat form that an engine of fixed tables can take: no negation, no sets, nothing missing.

A set fact becomes one boolean property per member (``topics__arrears``); a fact that may be missing gets a companion
``<code>__known``; 单选 and other text values become small numbers, so that no text of a ticket ever reaches the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar
from hsdispute_plugin.rules.facts import FactTable, Kind


@dataclass(frozen=True, slots=True)
class Atom:
    """``prop op value`` on a flat property; ``op`` is one of ``== != < <= > >=``."""

    prop: str
    op: str
    value: bool | int


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

_OPS = {Op.EQ: "==", Op.NE: "!=", Op.GE: ">=", Op.LE: "<=", Op.GT: ">", Op.LT: "<"}
_NOT = {"==": "!=", "!=": "==", ">=": "<", "<": ">=", "<=": ">", ">": "<="}


class Flattener:
    """Turns conditions and facts of one family into flat ones."""

    def __init__(self, table: FactTable) -> None:
        self._table = table
        self._tokens: dict[str, dict[str, int]] = {}  # per text fact: value -> number from 1; 0 is any other value
        self._sets: dict[str, dict[str, str]] = {}  # set fact -> member -> property
        self._scalars: set[str] = set()

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
        fact, op, value = leaf.fact, leaf.op, leaf.value
        many: tuple[Scalar, ...] = value if isinstance(value, tuple) else (value,)
        if self._table.by_code[fact].kind is Kind.SET:
            members = self._sets.setdefault(fact, {})
            props = [members.setdefault(str(m), f"{fact}__{len(members)}") for m in many]
            return _join((Atom(p, "==", not negated) for p in props), And if negated else Or)
        self._scalars.add(fact)
        if op in (Op.IN, Op.NOT_IN):
            hold = [Atom(fact, "==" if (op is Op.IN) != negated else "!=", self._token(fact, v)) for v in many]
            body = _join(hold, Or if (op is Op.IN) != negated else And)
        else:
            atom = Atom(fact, _OPS[op], self._token(fact, many[0]))
            body = Atom(fact, _NOT[atom.op], atom.value) if negated else atom
        # A leaf on a missing fact is false, its negation true.
        return Or((Atom(f"{fact}__known", "==", False), body)) if negated else And((Atom(f"{fact}__known", "==", True), body))

    def _token(self, fact: str, value: Scalar) -> int:
        if isinstance(value, int):  # bool too: properties of 是否 facts are 0 and 1
            return int(value)
        return self._tokens.setdefault(fact, {}).setdefault(value, len(self._tokens[fact]) + 1)

    def writer(self, conditions: Iterable[Flat]) -> Callable[[Mapping[str, FactValue]], str]:
        """Return the function that writes the facts of a ticket as JSON text with the properties these conditions ask for.

        Call it once all conditions are flattened. Every property is always present with its type.
        """
        asked = set().union(*map(properties, conditions))
        sets = [(code, kept) for code, members in self._sets.items()
                if (kept := tuple((m, p) for m, p in members.items() if p in asked))]
        scalars = [(code, self._tokens.get(code)) for code in sorted(self._scalars) if f"{code}__known" in asked]

        def write(values: Mapping[str, FactValue]) -> str:
            out = ['{"id":"t"']
            for code, members in sets:
                have = values.get(code)
                if have:
                    out += [f',"{p}":true' if m in have else f',"{p}":false' for m, p in members]  # type: ignore[operator]
                else:
                    out += [f',"{p}":false' for _, p in members]
            for code, tokens in scalars:
                value = values.get(code)
                if value is None:
                    out.append(f',"{code}":0,"{code}__known":false')
                    continue
                number = tokens.get(value, 0) if tokens is not None and isinstance(value, str) else _bounded(value)
                out.append(f',"{code}":{number},"{code}__known":true')
            out.append("}")
            return "".join(out)

        return write


def _bounded(value: FactValue) -> int:
    """Clip to the engine's safe integers: rule constants stay within ±1,000,000,000, so order is kept."""
    return max(-2_000_000_000, min(2_000_000_000, int(value))) if isinstance(value, int) else 0


def _join(parts: Iterable[Flat], group: type[And] | type[Or]) -> Flat:
    zero, unit = (FALSE, TRUE) if group is And else (TRUE, FALSE)
    kept: list[Flat] = []
    for part in parts:
        if part == zero:
            return zero
        kept += part.parts if isinstance(part, group) else [part]
    unique = list(dict.fromkeys(p for p in kept if p != unit))
    if not unique:
        return unit
    return unique[0] if len(unique) == 1 else group(tuple(unique))


def properties(flat: Flat) -> frozenset[str]:
    """Return the properties that a condition asks for; a fact that may be missing brings both of its own."""
    if isinstance(flat, Atom):
        name = flat.prop.removesuffix("__known")
        return frozenset({flat.prop, name})
    return frozenset().union(*map(properties, flat.parts))


"""The condition tree: the one meaning of 条件 that every engine must keep.

A leaf compares one fact with constants. A leaf on a missing fact is false, whatever its operator;
its negation (``均不``) is therefore true. Sets are never missing: an empty set is a set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hsdispute_plugin.model import FactValue

Scalar = bool | int | str


class Op(StrEnum):
    """Leaf operators, by their word in a rule file."""

    EQ = "等于"
    NE = "不等于"
    GE = "不少于"
    LE = "不多于"
    GT = "多于"
    LT = "少于"
    IN = "属于"
    NOT_IN = "不属于"
    HAS_ANY = "包含任一"  # sets only


@dataclass(frozen=True, slots=True)
class Leaf:
    """``fact op value``; ``value`` is a tuple for 属于/不属于/包含任一, a scalar otherwise. ``fact`` is a fact code."""

    fact: str
    op: Op
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class All:
    """全部: every part holds; no part holds vacuously (an unconditional rule)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """任一: at least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """均不: no part holds."""

    parts: tuple[Condition, ...]


Condition = Leaf | All | AnyOf | NoneOf


def holds(condition: Condition, facts: Mapping[str, FactValue]) -> bool:
    """Tell whether the condition is true of the facts: the reference meaning, slow and plain."""
    match condition:
        case All(parts):
            return all(holds(p, facts) for p in parts)
        case AnyOf(parts):
            return any(holds(p, facts) for p in parts)
        case NoneOf(parts):
            return not any(holds(p, facts) for p in parts)
        case Leaf(fact, op, value):
            if fact not in facts:
                return False
            return _compare(facts[fact], op, value)


def _compare(have: FactValue, op: Op, value: Scalar | tuple[Scalar, ...]) -> bool:
    match op:
        case Op.EQ:
            return have == value
        case Op.NE:
            return have != value
        case Op.IN:
            return have in value  # type: ignore[operator]
        case Op.NOT_IN:
            return have not in value  # type: ignore[operator]
        case Op.HAS_ANY:
            return not have.isdisjoint(value)  # type: ignore[union-attr,arg-type]
        case Op.GE:
            return have >= value  # type: ignore[operator]
        case Op.LE:
            return have <= value  # type: ignore[operator]
        case Op.GT:
            return have > value  # type: ignore[operator]
        case Op.LT:
            return have < value  # type: ignore[operator]


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield every leaf, left to right."""
    if isinstance(condition, Leaf):
        yield condition
    else:
        for part in condition.parts:
            yield from leaves(part)


def failing(condition: Condition, facts: Mapping[str, FactValue]) -> tuple[Condition, ...]:
    """Return the smallest parts whose change would make a false condition true: why a rule did not fire.

    For 全部 every false part's own failures; for 任一 the branch with the fewest; for 均不 the parts that hold.
    """
    match condition:
        case Leaf():
            return () if holds(condition, facts) else (condition,)
        case All(parts):
            return tuple(f for p in parts for f in failing(p, facts))
        case AnyOf(parts):
            branches = [failing(p, facts) for p in parts]
            return min(branches, key=len, default=(condition,))
        case NoneOf(parts):
            return tuple(NoneOf((p,)) for p in parts if holds(p, facts))

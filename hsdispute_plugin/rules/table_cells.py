"""What one cell of a rule table says: comparisons of one fact, or a list of conclusions, in the words of the rule files.

``欠费、补缴`` — any of these; ``不等于 告知移送``; ``不少于 10；少于 50`` — both. Several comparisons of one cell all hold in a
``条件`` column, and none of them in a ``均不`` column. What cells cannot say (任一, groups in groups) has a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar
from hsdispute_plugin.rules.condition_reader import LISTS, UNCONDITIONAL
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.node import MEANT, Node

AND, OR = "；", "、"
_AND, _OR = re.compile("[；;]"), re.compile("[、，,\n]")


def _beginning_with(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})\\s*(.+)", re.DOTALL)


_OP = _beginning_with(Op)
#: Also what people write for comparisons of numbers, so that ``>= 3`` is refused with the word that would be right.
_NUMBER_OP = _beginning_with([*Op, *(said for said, meant in MEANT.items() if meant in set(Op))])


@dataclass(frozen=True, slots=True)
class FlatCondition:
    """A condition that a table row can say: all of ``held`` hold and none of ``barred`` does."""

    held: tuple[Leaf, ...]
    barred: tuple[Leaf, ...]


def flat(condition: Condition) -> FlatCondition | None:
    """Return what a row can say of a condition, ``None`` where it is nested more deeply."""
    match condition:
        case Leaf():
            return FlatCondition((condition,), ())
        case All(parts):
            rows = [flat(p) for p in parts]
            if any(r is None for r in rows):
                return None
            return FlatCondition(tuple(x for r in rows if r for x in r.held), tuple(x for r in rows if r for x in r.barred))
        case NoneOf(parts):
            leaves = tuple(p for p in parts if isinstance(p, Leaf))
            return FlatCondition((), leaves) if len(leaves) == len(parts) else None
        case AnyOf():
            return None


def same(one: Condition, other: Condition) -> bool:
    """Tell whether two conditions say the same, whatever the order in which a row says it."""
    if one == other:
        return True
    a, b = flat(one), flat(other)
    return bool(a and b) and all(
        sorted(map(_plain, x)) == sorted(map(_plain, y)) for x, y in ((a.held, b.held), (a.barred, b.barred))  # type: ignore[union-attr]
    )


def _plain(leaf: Leaf) -> tuple[str, str, list[str]]:
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return leaf.fact, leaf.op.value, sorted(map(str, values))


def cell_of(leaves: Iterable[Leaf], fact: FactDef) -> str:
    """Write the comparisons of one fact as a cell."""
    return AND.join(_comparison(leaf, fact) for leaf in leaves)


def _comparison(leaf: Leaf, fact: FactDef) -> str:
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    words = OR.join(word(v, fact) for v in values)
    if leaf.op in (Op.HAS_ANY, Op.EQ) or (leaf.op is Op.IN and len(values) > 1):
        return words
    return f"{leaf.op.value} {words}"


def word(value: Scalar, fact: FactDef) -> str:
    """Write one value as a rule file does; by its code where the label holds a mark that separates values."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return str(value)
    label = fact.label_of(value)
    return value if _OR.search(label) or _AND.search(label) else label


def outcome_cell(value: FactValue, fact: FactDef) -> str:
    """Write a conclusion as a cell, members in the order of the fact table."""
    return OR.join(word(v, fact) for v in in_order(value, fact))


def in_order(value: FactValue, fact: FactDef) -> tuple[Scalar, ...]:
    """Return the members of a conclusion in the order of the fact table."""
    if not isinstance(value, frozenset):
        return (value,)
    order = list(dict.fromkeys(fact.values.values()))
    return tuple(sorted(value, key=lambda v: (order.index(v) if v in order else len(order), v)))


def comparisons(cell: Node, fact: FactDef) -> tuple[Node, ...]:
    """Read a cell of a 条件 or 均不 column as the values that stand behind the fact in a rule file."""
    return tuple(_value(part.strip(), cell.where, fact) for part in _AND.split(str(cell.value)) if part.strip())


def _value(text: str, where: str, fact: FactDef) -> Node:
    if all(part in fact.values for part in _parts(text)):  # 属于本机制 is a value, 属于 单办 a comparison
        return _list(text, where)
    found = (_NUMBER_OP if fact.kind is Kind.INT else _OP).fullmatch(text)
    if found is None:
        return _list(text, where)
    return Node(where, {found[1]: _list(found[2], where, always=found[1] in LISTS)})


def _list(text: str, where: str, *, always: bool = False) -> Node:
    values = _parts(text)
    if len(values) == 1 and not always:
        return Node(where, values[0])
    return Node(where, tuple(Node(where, v) for v in values))


def _parts(text: str) -> list[str]:
    return [v.strip() for v in _OR.split(text) if v.strip()]


def outcome_node(cell: Node, fact: FactDef) -> Node:
    """Read a cell of a 结论 column as the value that stands behind the fact in a rule file."""
    return _list(str(cell.value), cell.where, always=fact.kind is Kind.SET)


def condition_node(held: Mapping[str, tuple[Node, ...]], barred: Mapping[str, tuple[Node, ...]], where: str) -> Node:
    """Put the cells of a row together as the 条件 of a rule file; keys are fact labels."""
    parts = [Node(n.where, {label: n}) for label, nodes in held.items() for n in nodes]
    never = tuple(Node(n.where, {label: n}) for label, nodes in barred.items() for n in nodes)
    if never:
        parts.append(Node(never[0].where, {"均不": Node(never[0].where, never)}))
    return Node(where, {"全部": Node(where, tuple(parts))}) if parts else Node(where, UNCONDITIONAL)


def labels_of(condition: FlatCondition, table: FactTable) -> tuple[list[str], list[str]]:
    """Return the labels of the facts that a row compares, and of those it bars, each once, in order."""
    return tuple(list(dict.fromkeys(table.by_code[x.fact].label for x in part)) for part in (condition.held, condition.barred))  # type: ignore[return-value]

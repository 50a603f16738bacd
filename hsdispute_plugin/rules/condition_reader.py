"""How a condition is written in a file: groups and comparisons, checked against the facts that may be asked for there."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import FAMILIES

UNCONDITIONAL = "总是"
GROUPS: Mapping[str, type[All] | type[AnyOf] | type[NoneOf]] = {"全部": All, "任一": AnyOf, "均不": NoneOf}
_YES = {"是": True, "否": False}

#: Which comparisons fit which kind of fact.
FITS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.BOOL: (Op.EQ, Op.NE),
    Kind.INT: (Op.EQ, Op.NE, Op.GE, Op.LE, Op.GT, Op.LT, Op.IN, Op.NOT_IN),
    Kind.CHOICE: (Op.EQ, Op.NE, Op.IN, Op.NOT_IN),
    Kind.SET: (Op.HAS_ANY,),
}
LISTS = (Op.IN, Op.NOT_IN, Op.HAS_ANY)


def read_condition(node: Node, family: str, table: FactTable, subject: str, reading: Reading) -> Condition | None:
    """Read 总是, a group, or facts with comparisons; ``None`` after noting what is wrong. ``family`` tells what is known yet."""
    if node.value == UNCONDITIONAL:
        return All(())
    if not isinstance(node.value, Mapping):
        reading.note(node.where, subject, f"条件应是 “{UNCONDITIONAL}”、一组条件或一个事实",
                     "a condition is 总是, a group or a fact",
                     f"请写 条件: {UNCONDITIONAL}，或 条件: 下面另起一行写 全部:")
        return None
    # A full-width space after a key is not seen, and YAML keeps it.
    parts = [p for key, value in node.value.items() if (p := _part(key.strip(), value, family, table, subject, reading))]
    if not node.value:
        reading.note(node.where, subject, "条件是空的", "empty condition", f"无条件的规则请写 条件: {UNCONDITIONAL}")
    if len(parts) != len(node.value) or not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _part(key: str, node: Node, family: str, table: FactTable, subject: str, reading: Reading) -> Condition | None:
    if key in GROUPS:
        inner = reading.items(node, f"{subject}.{key}")
        if not inner and isinstance(node.value, tuple):
            reading.note(node.where, f"{subject}.{key}", f"“{key}” 下面没有内容", "empty group", "请写上条件，或删去这一组")
        parts = tuple(p for n in inner if (p := read_condition(n, family, table, f"{subject}.{key}", reading)))
        return GROUPS[key](parts) if len(parts) == len(inner) and parts else None
    fact = _fact(key, node, family, table, subject, reading)
    return _comparison(node, fact, f"{subject}.{fact.label}", reading) if fact else None


def _fact(key: str, node: Node, family: str, table: FactTable, subject: str, reading: Reading) -> FactDef | None:
    fact = table.by_label.get(key) or table.by_code.get(key)
    if fact is None:
        reading.choice(Node(node.where, key), subject, dict.fromkeys([*GROUPS, *table.by_label], True), "事实")
        return None
    if not _before(fact, family, table):
        concluded = fact.counts or fact.code
        giver = next((label for label, codes in FAMILIES.values() if concluded in codes), None)
        when = f"要到 “{giver}” 才有结论，本族还不能用" if giver else "没有哪个规则族给出"
        reading.note(node.where, subject, f"“{key}” {when}", f"{fact.code} is not concluded before this family",
                     "规则只能用工单事实和前面各族的结论")
        return None
    return fact


def facts_before(family: str, table: FactTable) -> tuple[FactDef, ...]:
    """Return the facts that rules of a family may ask for: those of the ticket and those earlier families conclude."""
    return tuple(d for d in table.by_code.values() if _before(d, family, table))


def _before(fact: FactDef, family: str, table: FactTable) -> bool:
    """Tell whether a fact is known before a family is asked."""
    told = fact.counts or fact.code
    return table.by_code[told].source != "family" or any(
        told in FAMILIES[earlier][1] for earlier in takewhile(lambda f: f != family, FAMILIES))


def _comparison(node: Node, fact: FactDef, subject: str, reading: Reading) -> Condition | None:
    if isinstance(node.value, Mapping):
        found = []
        for word, value in node.value.items():
            op = reading.choice(Node(value.where, word), subject, {o.value: o for o in Op}, "比较")
            if op is None:
                continue
            if op not in FITS[fact.kind]:
                reading.note(value.where, subject, f"“{fact.label}” 是{fact.kind.value}，不能用 “{word}”",
                             f"{op.name} does not fit {fact.code}", "可用 / known: " + "、".join(FITS[fact.kind]))
                continue
            if (v := read_operand(value, op, fact, subject, reading)) is not None:
                found.append(Leaf(fact.code, op, v))
        if not node.value:
            reading.note(node.where, subject, "没有写比较", "no comparison", "请写如 {不少于: 10}")
        if len(found) != len(node.value) or not found:
            return None
        return found[0] if len(found) == 1 else All(tuple(found))
    if isinstance(node.value, tuple):
        op = {Kind.SET: Op.HAS_ANY, Kind.BOOL: Op.EQ}.get(fact.kind, Op.IN)
    else:
        op = Op.HAS_ANY if fact.kind is Kind.SET else Op.EQ
    operand = read_operand(node, op, fact, subject, reading)
    return None if operand is None else Leaf(fact.code, op, operand)


def read_operand(node: Node, op: Op, fact: FactDef, subject: str, reading: Reading) -> Scalar | tuple[Scalar, ...] | None:
    """Read what a fact is compared with, or is concluded to be; several values for a comparison that takes a list."""
    if op not in LISTS:
        if isinstance(node.value, tuple):
            several = "；条件里要写几个值请用 属于" if Op.IN in FITS[fact.kind] else ""
            reading.note(node.where, subject, "这里只能写一个值，写的却是列表", "expected one value", f"请只写一个值{several}")
            return None
        return _value(node, fact, subject, reading)
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    if not nodes:
        reading.note(node.where, subject, "列表是空的", "empty list", "请至少写一个值")
        return None
    values = [v for n in nodes if (v := _value(n, fact, subject, reading)) is not None]
    if len(set(values)) != len(values):
        reading.note(node.where, subject, "列表里有重复的值", "repeated value", "请删去重复的")
    return tuple(values) if len(values) == len(nodes) else None


def _value(node: Node, fact: FactDef, subject: str, reading: Reading) -> Scalar | None:
    if fact.kind is Kind.BOOL:
        return reading.choice(node, subject, _YES)
    if fact.kind is Kind.INT:
        return reading.integer(node, subject)
    if not fact.values:  # its file could not be read, which is a problem of its own
        return reading.text(node, subject)
    labels = [label for label, code in fact.values.items() if label != code]
    return reading.choice(node, subject, {**fact.values, **{c: c for c in fact.values.values()}}, shown=labels)

"""Examples of what the rules should do, as an administrator writes them in ``config/examples/*.yaml``.

Of one rule: facts by their labels with which its condition holds, and near misses with which it does not. Of the whole
book: facts, or a ticket in words, and what must come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import FactValue, Ticket
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.load import base_of, overlay_of, parse, read_yaml
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import RuleSource

WORKS, MISSES = "成立", "不成立"

#: What an example of the whole book may say must come out: fact codes, or 时限 and 通报.
OUTCOMES = ("受理范围", "复合诉求", "主办单位", "涉及单位", "办理方式", "事项等级", "险种", "主题", "情形", "工单类型", "时限",
            "通报")


@dataclass(frozen=True, slots=True)
class Example:
    """One example. With ``rule``, whether its condition ``holds``; else ``outcome`` (fact code → value) of the whole book.

    ``day``: as of which day, ``None`` for the day on which it is run.
    """

    name: str
    where: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    rule: str = ""
    holds: bool = True
    ticket: Ticket | None = None
    outcome: Mapping[str, FactValue] = field(default_factory=dict)
    day: date | None = None


def read_examples(
    directory: Path, source: RuleSource, overruled: Set[str] = frozenset(), instead: Mapping[str, bytes] | None = None,
) -> tuple[Example, ...]:
    """Read the examples of a configuration directory, and those of its 基础目录 that it does not overrule.

    ``overruled``: rules of this directory that one above it replaced or took out; their examples are passed over.
    ``instead``: bytes that stand for files of the directory, to try a change before it is written.

    Raises:
        RulebookError: With all problems of all files.
    """
    reading = Reading(directory.resolve().name)
    own = list(_own(directory, source, reading, overruled, instead or {}))
    seen: dict[str, str] = {}
    for e in own:
        if (first := seen.setdefault(e.name, e.where)) != e.where:
            reading.note(e.where, f"示例 {e.name}", f"名称 “{e.name}” 已在 {first} 用过", f"example {e.name!r} is repeated",
                         "请换一个名称，或把同一条规则的示例写在一起")
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    base = base_of(directory)
    if base is None:
        return tuple(own)
    overlay = overlay_of(directory)
    below = [e for e in read_examples(base, source, overruled | overlay.own | overlay.off.keys()) if e.name not in seen]
    return (*below, *own)


def _own(
    directory: Path, source: RuleSource, reading: Reading, overruled: Set[str], instead: Mapping[str, bytes],
) -> Iterator[Example]:
    there = {f"examples/{path.name}" for path in (directory / "examples").glob("*.yaml")}
    for name in sorted(there | {n for n in instead if n.startswith("examples/")}):
        where = reading.place(name)
        node = parse(instead[name], where, reading) if name in instead else read_yaml(directory / name, where, reading)
        top = reading.mapping(node, "", ("示例",), ("说明",))
        for row in reading.items(top["示例"], "示例") if top else ():
            if isinstance(row.value, Mapping) and "规则" in row.value:
                if row.value["规则"].value not in overruled:
                    yield from _of_rule(row, source, reading)
            elif example := _of_book(row, source, reading):
                yield example


def _of_rule(row: Node, source: RuleSource, reading: Reading) -> Iterator[Example]:
    top = reading.mapping(row, "示例", ("规则",), (WORKS, MISSES, "当日", "说明"))
    rule = top and reading.text(top["规则"], "示例")
    if not top or not rule:
        return
    subject = f"示例 {rule}"
    known = {r.id: r.id for f in source.families for r in f.rules}
    if reading.choice(top["规则"], subject, known, "规则") is None:
        return
    if WORKS not in top and MISSES not in top:
        reading.note(row.where, subject, f"没有写 “{WORKS}” 或 “{MISSES}”", "no facts", "请写上事实，如 成立: [{主题: [欠费]}]")
    day = reading.day(top.get("当日"), subject)
    for word in (WORKS, MISSES):
        for number, item in enumerate(reading.items(top.get(word), f"{subject}  {word}"), 1):
            facts = values_of(item, tuple(source.table.by_label), source.table, f"{subject}  {word}", reading)
            if facts is not None:
                name = f"{rule} {word} {number}" + (f"（{day}）" if day else "")
                yield Example(name, item.where, complete(facts, source.table), rule, word == WORKS, day=day)


def _of_book(row: Node, source: RuleSource, reading: Reading) -> Example | None:
    top = reading.mapping(row, "示例", ("名称", "结果"), ("工单", "事实", "当日", "说明"))
    name = top and reading.text(top["名称"], "示例")
    if not top or not name:
        return None
    subject = f"示例 {name}"
    day = reading.day(top.get("当日"), subject)
    outcome = values_of(top["结果"], OUTCOMES, source.table, f"{subject}  结果", reading)
    if ("工单" in top) is ("事实" in top):
        reading.note(row.where, subject, "“工单” 和 “事实” 要写一个，也只写一个", "a ticket or facts",
                     "请对照随附的 examples/ 写")
        return None
    if "事实" in top:
        askable = tuple(d.label for d in source.table.by_code.values() if d.source not in ("family", "count"))
        facts = values_of(top["事实"], askable, source.table, f"{subject}  事实", reading)
        return Example(name, row.where, complete(facts, source.table), outcome=outcome, day=day) if facts and outcome else None
    given = reading.mapping(top["工单"], f"{subject}  工单", ("内容",), ("标题", "类型", "辖区"))
    if not given or not outcome:
        return None
    text = {k: reading.text(n, subject) or "" for k, n in given.items()}
    ticket = Ticket(ticket_no=name, title=text.get("标题", ""), content=text["内容"], ticket_type=text.get("类型", ""),
                    area=text.get("辖区", ""))
    return Example(name, row.where, ticket=ticket, outcome=outcome, day=day)


def values_of(
    node: Node, labels: tuple[str, ...], table: FactTable, subject: str, reading: Reading
) -> dict[str, FactValue] | None:
    """Read facts by their labels; ``None`` after noting what is wrong."""
    top = reading.mapping(node, subject, (), labels)
    if top is None:
        return None
    before, found = len(reading.problems), {}
    for label, given in top.items():
        fact = table.by_label[label]
        if (value := _value(given, fact, f"{subject}  {label}", reading)) is not None:
            found[fact.code] = value
    return found if len(reading.problems) == before else None


def _value(node: Node, fact: FactDef, subject: str, reading: Reading) -> FactValue | None:
    known = {**fact.values, **{c: c for c in fact.values.values()}}
    if fact.kind is Kind.SET:
        members = [reading.choice(n, subject, known) for n in (node.value if isinstance(node.value, tuple) else (node,))]
        return frozenset(m for m in members if m)
    if fact.kind is Kind.BOOL:
        return reading.yes(node, subject)
    return reading.integer(node, subject) if fact.kind is Kind.INT else reading.choice(node, subject, known)


def complete(facts: Mapping[str, FactValue], table: FactTable) -> dict[str, FactValue]:
    """Return facts as the extractor gives them: sets empty and 是否 否 where nothing is said, and each set counted."""
    silent: dict[str, FactValue] = {}
    for d in table.by_code.values():
        if d.source in ("text", "ticket") and d.kind in (Kind.SET, Kind.BOOL):
            silent[d.code] = frozenset() if d.kind is Kind.SET else False
    full = {**silent, **facts}
    counted = {d.code: len(full.get(d.counts, ())) for d in table.by_code.values() if d.counts}  # type: ignore[arg-type]
    return {**full, **counted, **facts}

"""Worked examples and near misses of the rules, and whether they would notice a rule that was deleted or bent.

``config/examples/*.yaml``: an example of a rule gives facts by their labels and says whether the rule holds; an example
of the whole book gives a ticket and what must come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import Decision, FactValue, Ticket
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, holds
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.load import read_yaml
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import Rule, Rulebook, RuleSource

#: What an example of the whole book may say must come out.
OUTCOMES = {"受理范围": "scope", "主办单位": "lead", "涉及单位": "units", "办理方式": "track", "险种": "insurance",
            "主题": "topics", "情形": "signals", "工单类型": "ticket_type"}


@dataclass(frozen=True, slots=True)
class Example:
    """One example. ``rule`` with ``facts`` and ``fires``, or ``ticket`` with ``outcome`` (fact code → value)."""

    id: str
    where: str
    rule: str = ""
    facts: Mapping[str, FactValue] | None = None
    fires: bool = True
    ticket: Ticket | None = None
    outcome: Mapping[str, FactValue] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an example went; ``why`` is empty when it holds."""

    example: Example
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The examples of a directory against its rules. ``survivors`` are bent rules that no example noticed."""

    verdicts: tuple[Verdict, ...]
    uncovered: tuple[str, ...]  # rules without a worked example or without a near miss
    mutants: int
    survivors: tuple[str, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The examples that do not hold."""
        return tuple(v for v in self.verdicts if v.why)

    @property
    def passed(self) -> bool:
        """Whether an edition with these examples may go live."""
        return not (self.failed or self.uncovered or self.survivors)

    def junit(self) -> str:
        """Return the report as JUnit XML, for systems that show test results."""
        suite = ElementTree.Element("testsuite", name="hsdispute", tests=str(len(self.verdicts)), failures=str(len(self.failed)))
        for v in self.verdicts:
            case = ElementTree.SubElement(suite, "testcase", classname=v.example.rule or "book", name=v.example.id)
            if v.why:
                ElementTree.SubElement(case, "failure", message=v.why).text = v.example.where
        return ElementTree.tostring(suite, encoding="unicode")


def read_examples(directory: Path, table: FactTable) -> tuple[Example, ...]:
    """Read ``examples/*.yaml`` of a configuration directory.

    Raises:
        RulebookError: With all problems of all files.
    """
    reading = Reading(directory.resolve().name)
    found: list[Example] = []
    for path in sorted((directory / "examples").glob("*.yaml")):
        node = read_yaml(path, reading.place(f"examples/{path.name}"), reading)
        top = reading.mapping(node, "", ("示例",), ("说明",))
        for row in reading.items(top["示例"], "示例") if top else ():
            if example := _example(row, table, reading):
                found.append(example)
    for name, count in Counter(e.id for e in found).items():
        if count > 1:
            where = [e.where for e in found if e.id == name]
            reading.note(where[1], f"示例 {name}", f"名称 “{name}” 已在 {where[0]} 用过", f"example {name!r} is repeated",
                         "请换一个名称")
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    return tuple(found)


def _example(row: Node, table: FactTable, reading: Reading) -> Example | None:
    top = reading.mapping(row, "示例", ("名称",), ("规则", "事实", "成立", "工单", "结果", "说明"))
    name = top and reading.text(top["名称"], "示例")
    if not top or not name:
        return None
    subject = f"示例 {name}"
    if "规则" in top and "事实" in top and "成立" in top:
        facts = _values(top["事实"], table, subject, reading)
        rule, fires = reading.text(top["规则"], subject), reading.yes(top["成立"], f"{subject}  成立")
        if rule and facts is not None and fires is not None:
            return Example(name, row.where, rule=rule, facts=with_counts(facts, table), fires=fires)
    elif "工单" in top and "结果" in top:
        given = reading.mapping(top["工单"], f"{subject}  工单", ("内容",), ("标题", "类型", "辖区"))
        wanted = reading.mapping(top["结果"], f"{subject}  结果", (), tuple(OUTCOMES))
        outcome = _values(Node(top["结果"].where, wanted), table, subject, reading) if wanted else None
        if given and outcome:
            text = {k: reading.text(n, subject) or "" for k, n in given.items()}
            ticket = Ticket(ticket_no=name, title=text.get("标题", ""), content=text["内容"], ticket_type=text.get("类型", ""),
                            area=text.get("辖区", ""))
            return Example(name, row.where, ticket=ticket, outcome=outcome)
    else:
        reading.note(row.where, subject, "示例要写 规则、事实、成立，或者写 工单、结果", "an example needs facts or a ticket",
                     "对照 examples/ 里随附的例子补上")
    return None


def _values(node: Node, table: FactTable, subject: str, reading: Reading) -> dict[str, FactValue] | None:
    top = reading.mapping(node, f"{subject}  事实", (), tuple(table.by_label))
    if top is None:
        return None
    before, found = len(reading.problems), {}
    for label, value in top.items():
        fact = table.by_label[label]
        if (given := _value(value, fact, f"{subject}  {label}", reading)) is not None:
            found[fact.code] = given
    return found if len(reading.problems) == before else None


def _value(node: Node, fact: FactDef, subject: str, reading: Reading) -> FactValue | None:
    known = {**fact.values, **{c: c for c in fact.values.values()}}
    if fact.kind is Kind.SET:
        members = [reading.choice(n, subject, known) for n in (node.value if isinstance(node.value, tuple) else (node,))]
        return frozenset(m for m in members if m)
    if fact.kind is Kind.BOOL:
        return reading.yes(node, subject)
    return reading.integer(node, subject) if fact.kind is Kind.INT else reading.choice(node, subject, known)


def with_counts(facts: Mapping[str, FactValue], table: FactTable) -> dict[str, FactValue]:
    """Return facts with the number of members of each set, as the rule book adds them; a number given stands."""
    counted = {d.code: len(facts.get(d.counts, ())) for d in table.by_code.values() if d.counts}  # type: ignore[arg-type]
    return {**counted, **facts}


def examine(book: Rulebook, examples: Sequence[Example], now: datetime) -> Report:
    """Run all examples, find rules without both kinds, and bend every rule to see whether an example notices."""
    rules = {r.id: r for f in book.source.families for r in f.rules}  # of several entries of one id the last
    verdicts = tuple(Verdict(e, _why(e, rules, book, now)) for e in examples)
    own: dict[str, list[Example]] = {rule: [] for rule in rules}
    for e in examples:
        if e.rule in own:
            own[e.rule].append(e)
    uncovered = tuple(
        f"{rule.id}（{'、'.join(missing)}）" for rule in rules.values()
        if (missing := [word for word, fires in (("缺成立的示例", True), ("缺差一点的示例", False))
                        if not any(e.fires is fires for e in own[rule.id]) and not (rule.condition == All(()) and not fires)])
    )
    mutants, survivors = 0, []
    for rule in rules.values():
        for what, bent in bends(rule.condition):
            mutants += 1
            if all(holds(bent, e.facts or {}) == holds(rule.condition, e.facts or {}) for e in own[rule.id]):
                survivors.append(f"{rule.id}：{what}，没有示例察觉")
        mutants += 1  # the rule deleted: any worked example notices
        if not any(e.fires for e in own[rule.id]):
            survivors.append(f"{rule.id}：整条删去，没有示例察觉")
    return Report(verdicts, uncovered, mutants, tuple(survivors))


def _why(example: Example, rules: Mapping[str, Rule], book: Rulebook, now: datetime) -> str:
    if example.ticket is not None:
        decision = book.decide(example.ticket, now)
        wrong = [_difference(code, value, decision, book.source) for code, value in (example.outcome or {}).items()]
        return "；".join(w for w in wrong if w)
    rule = rules.get(example.rule)
    if rule is None:
        return f"没有规则 {example.rule}"
    got = holds(rule.condition, example.facts or {})
    return "" if got is example.fires else f"规则应{'成立' if example.fires else '不成立'}，实际{'成立' if got else '不成立'}"


def _difference(code: str, wanted: FactValue, decision: Decision, source: RuleSource) -> str:
    got = getattr(decision, code)
    same = frozenset(got) == wanted if isinstance(wanted, frozenset) else str(got) == wanted
    if same:
        return ""
    fact = source.table.by_code[code]
    return f"{fact.label}应是 {_shown(wanted, fact)}，实际是 {_shown(got, fact)}"


def _shown(value: object, fact: FactDef) -> str:
    if isinstance(value, frozenset | tuple):
        return "、".join(fact.label_of(str(v)) for v in sorted(value)) or "空"
    return fact.label_of(str(value)) or "空"


def bends(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """Yield each way to turn one comparison of a condition round, with its words."""
    match condition:
        case Leaf(fact, op, value):
            shown = "、".join(map(str, value)) if isinstance(value, tuple) else value
            yield f"把“{fact} {op.value} {shown}”反过来", NoneOf((condition,))
        case All(parts) | AnyOf(parts) | NoneOf(parts):
            for n, part in enumerate(parts):
                for what, bent in bends(part):
                    yield what, type(condition)((*parts[:n], bent, *parts[n + 1 :]))

"""Runs all examples against a rule book, finds rules without any, and bends every rule to see whether an example notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from xml.etree import ElementTree

from hsdispute_plugin.model import SHANGHAI, Decision, Facts, FactValue, Ticket
from hsdispute_plugin.rules.condition import All, failing, holds
from hsdispute_plugin.rules.examples import MISSES, WORKS, Example
from hsdispute_plugin.rules.explanation import failing_words
from hsdispute_plugin.rules.mutants import mutants
from hsdispute_plugin.rules.rulebook import Rule, Rulebook, RuleSource
from hsdispute_plugin.rules.wording import value_words


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an example went; ``why`` is empty when it holds."""

    example: Example
    why: str = ""


@dataclass(frozen=True, slots=True)
class RuleCover:
    """The examples of one entry of a rule: which kind is missing, and which mutants none of them noticed."""

    rule: Rule
    missing: tuple[str, ...]
    mutants: int
    survivors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The examples of a directory against its rules."""

    verdicts: tuple[Verdict, ...]
    covers: tuple[RuleCover, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The examples that do not hold."""
        return tuple(v for v in self.verdicts if v.why)

    @property
    def uncovered(self) -> tuple[RuleCover, ...]:
        """The rules without a worked example or without a near miss."""
        return tuple(c for c in self.covers if c.missing)

    @property
    def survivors(self) -> tuple[tuple[Rule, str], ...]:
        """The mutants that no example noticed."""
        return tuple((c.rule, what) for c in self.covers for what in c.survivors)

    @property
    def mutants(self) -> int:
        """How many mutants were tried."""
        return sum(c.mutants for c in self.covers)

    @property
    def may_go_live(self) -> bool:
        """Whether every example holds and every rule has both kinds: what activation asks for."""
        return not (self.failed or self.uncovered)

    @property
    def passed(self) -> bool:
        """Whether also no rule can be bent unnoticed: what ``hsdispute test`` asks for."""
        return self.may_go_live and not self.survivors

    def lines(self) -> Iterator[str]:
        """Yield what is wrong and the sums, in Chinese."""
        for v in self.failed:
            yield f"✗ {v.example.where}  示例 {v.example.name}：{v.why}"
        for c in self.uncovered:
            yield f"✗ {c.rule.where}  规则 {c.rule.id}（{c.rule.name}）：缺{'、'.join(c.missing)}的示例"
        for c in self.covers:
            if not c.missing:  # nothing can notice a rule that has no examples
                yield from (f"✗ {c.rule.where}  规则 {c.rule.id}（{c.rule.name}）：{what}，没有示例察觉" for what in c.survivors)
        good, covered = len(self.verdicts) - len(self.failed), len(self.covers) - len(self.uncovered)
        caught = self.mutants - len(self.survivors)
        yield (f"示例 {len(self.verdicts)} 个，符合 {good} 个；规则 {len(self.covers)} 条，两种示例齐全 {covered} 条；"
               f"试改 {self.mutants} 处，察觉 {caught} 处（{100 * caught // max(1, self.mutants)}%）。")

    def junit(self) -> str:
        """Return the report as JUnit XML, for systems that show test results."""
        tests = [("示例", v.example.name, v.example.where, v.why) for v in self.verdicts]
        tests += [("覆盖", c.rule.id, c.rule.where, f"缺{'、'.join(c.missing)}的示例" if c.missing else "") for c in self.covers]
        tests += [("试改", c.rule.id, c.rule.where, "；".join(c.survivors)) for c in self.covers]
        wrong = sum(bool(why) for *_, why in tests)
        suite = ElementTree.Element("testsuite", name="hsdispute", tests=str(len(tests)), failures=str(wrong))
        for kind, name, where, why in tests:
            case = ElementTree.SubElement(suite, "testcase", classname=kind, name=name)
            if why:
                ElementTree.SubElement(case, "failure", message=why).text = where
        return ElementTree.tostring(suite, encoding="unicode")


@dataclass(slots=True)
class _Entry:
    """One entry of a rule id, from its first day to the day before the next entry begins or it ends."""

    rule: Rule
    until: date | None
    examples: list[Example] = field(default_factory=list)

    def in_force(self, day: date) -> bool:
        return self.rule.since <= day and (self.until is None or day < self.until)


def examine(book: Rulebook, examples: Sequence[Example], now: datetime) -> Report:
    """Run all examples as of ``now``; an example of a rule that begins later runs as of that day.

    Entries of a rule that were over before ``now`` are history: nothing is asked of them.
    """
    today = now.astimezone(SHANGHAI).date()
    entries = _entries(book.source, today)
    verdicts = []
    for example in examples:
        if example.rule:
            verdicts.append(Verdict(example, _rule_verdict(example, entries.get(example.rule, []), today, book.source)))
        else:
            at = datetime.combine(example.day, time(9), SHANGHAI) if example.day else now
            verdicts.append(Verdict(example, _book_verdict(example, book, at)))
    return Report(tuple(verdicts), tuple(_cover(e, book.source) for es in entries.values() for e in es))


def _entries(source: RuleSource, today: date) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = {}
    for rule in (r for f in source.families for r in f.rules):
        same = found.setdefault(rule.id, [])
        if same:
            same[-1].until = min(rule.since, same[-1].until or rule.since)
        same.append(_Entry(rule, rule.until))
    return {rule: kept for rule, es in found.items() if (kept := [e for e in es if e.until is None or e.until > today])}


def _rule_verdict(example: Example, entries: Sequence[_Entry], today: date, source: RuleSource) -> str:
    if not entries:
        return "这条规则已经废止，请删去示例"
    day = example.day or max(today, entries[0].rule.since)
    entry = next((e for e in entries if e.in_force(day)), None)
    if entry is None:
        return f"{day} 这条规则不在施行期内，请改正当日"
    entry.examples.append(example)
    got = holds(entry.rule.condition, example.facts)
    if got is example.holds:
        return ""
    if got:
        return "条件应不成立，实际成立"
    missing = failing(entry.rule.condition, example.facts)
    return "条件应成立，实际不成立：" + "；".join(failing_words(m, example.facts, source.table) for m in missing)


def _book_verdict(example: Example, book: Rulebook, at: datetime) -> str:
    if example.ticket is not None:
        decision = book.decide(example.ticket, at)
    else:
        decision = book.decide_facts(Ticket(ticket_no=example.name), Facts(example.facts), at)
    return "；".join(said for code, value in example.outcome.items() if (said := _difference(code, value, decision, book.source)))


def _difference(code: str, wanted: FactValue, decision: Decision, source: RuleSource) -> str:
    got = _came_out(code, decision)
    if got == wanted:
        return ""
    fact = source.table.by_code[code]
    return f"{fact.label}应是 {value_words(wanted, fact)}，实际是 {value_words(got, fact) or '空'}"


def _came_out(code: str, decision: Decision) -> FactValue:
    if code == "deadlines":
        return frozenset(d.key for d in decision.due if d.key != "host")
    if code == "notices":
        return frozenset(a.key for a in decision.alerts)
    value = getattr(decision, code)
    return frozenset(value) if isinstance(value, tuple) else value if isinstance(value, bool) else str(value or "")


def _cover(entry: _Entry, source: RuleSource) -> RuleCover:
    rule, facts = entry.rule, [e.facts for e in entry.examples]
    missing = [WORKS] if not any(e.holds for e in entry.examples) else []
    if rule.condition != All(()) and not any(not e.holds for e in entry.examples):  # 总是 has no near miss
        missing.append(MISSES)
    tried = list(mutants(rule.condition, source.table))
    truth = [holds(rule.condition, f) for f in facts]
    survivors = [what for what, bent in tried if [holds(bent, f) for f in facts] == truth]
    return RuleCover(rule, tuple(missing), len(tried), tuple(survivors))

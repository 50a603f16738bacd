"""Where two editions decide differently: every region proved to exist, with a ticket that lies in it.

A region belongs to the family in which the difference arises: what earlier families concluded is the same there in both
editions, and differs by one rule of each. What follows from it in later families is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from hsdispute_plugin.model import SHANGHAI, Decision, Facts, FactValue, Ticket
from hsdispute_plugin.rules.chain import Chain, Entry
from hsdispute_plugin.rules.circuit import FALSE, TRUE
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.facts import Kind
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.rulebook import FAMILIES, Rule, Rulebook, RuleSource, rules_in_force
from hsdispute_plugin.rules.schema import days_of_change
from hsdispute_plugin.rules.witness import Search, in_words, value_in_words
from hsdispute_plugin.rules.witness_ticket import Writer

#: What a decision says where no rule does.
UNSAID: Mapping[str, Scalar] = {"scope": "boundary", "compound": False, "lead": "none", "track": "joint"}
SHOWN = ("scope", "compound", "lead", "units", "track", "matter", "deadlines", "notices")


@dataclass(frozen=True, slots=True)
class Region:
    """Tickets on which one conclusion differs, by the rules that give it in either edition (``None``: no rule)."""

    family: str
    code: str
    was: Scalar | None
    now: Scalar | None
    before: Rule | None
    after: Rule | None
    literal: int


@dataclass(frozen=True, slots=True)
class Witness:
    """A ticket that the editions decide differently. ``regions``: those of one family in which it lies.

    ``ticket`` is one in words, ``None`` where no draft reads so; ``along`` what differs besides, as a consequence.
    """

    regions: tuple[Region, ...]
    facts: Mapping[str, FactValue]
    ticket: Ticket | None
    along: tuple[str, ...]
    since: date


def witnesses(before: RuleSource, after: RuleSource, from_day: date) -> Iterator[Witness]:
    """Yield a ticket for each region, in the order of the families, for every set of rules in force from a day on.

    Pure and repeatable. Facts are taken as read alike by both; for words, places and settings see ``difference_texts``.
    """
    books = Books(before, after)
    writer: Writer | None = None
    seen: set[tuple[object, ...]] = set()
    for day in _days(before, after, from_day):
        old = Chain(before, day, beside=after)
        new = Chain(after, day, tickets_of=old)
        regions = [r for r in _regions(old, new) if _key(r) not in seen]
        search = Search(old) if regions else None
        while regions and search:
            region = regions.pop(0)
            if not search.possible(region.literal):
                continue
            true = search.example(region.literal)
            held = search.holding(true)
            together = [region, *(r for r in regions if r.family == region.family and r.literal in held)]
            regions = [r for r in regions if r not in together]
            seen.update(map(_key, together))
            facts = old.facts(true)
            writer = writer or Writer(after)
            ticket, along = books.ticket(writer, facts, together, day), books.along(facts, together, day)
            yield Witness(tuple(together), facts, ticket, along, day)


def _days(before: RuleSource, after: RuleSource, from_day: date) -> Iterator[date]:
    seen: set[tuple[frozenset[int], ...]] = set()
    changes = sorted({*days_of_change(before), *days_of_change(after)})
    for day in (from_day, *(d for d in changes if d > from_day)):
        kept = tuple(rules_in_force(f.rules, day) for s in (before, after) for f in s.families)
        if kept not in seen:
            seen.add(kept)
            yield day


def _key(r: Region) -> tuple[object, ...]:
    return r.code, r.was, r.now, r.before and (r.before.id, r.before.since), r.after and (r.after.id, r.after.since)


def _regions(old: Chain, new: Chain) -> Iterator[Region]:
    """Yield all that may differ; whether any ticket lies there is not yet known."""
    alike = TRUE  # what earlier families concluded is the same
    for family in FAMILIES:
        was, now = ([e for e in chain.entries if e.family.code == family] for chain in (old, new))
        if not _same(was, now):
            for code in FAMILIES[family][1]:
                kind = new.source.table.by_code[code].kind
                make = _members if kind is Kind.SET else _answers
                for region in make(family, code, (old, was), (new, now)):
                    literal = old.circuit.every([alike, region.literal])
                    if literal != FALSE:
                        yield replace(region, literal=literal)
        alike = old.circuit.every([alike, *(_equal(old, new, family, code) for code in FAMILIES[family][1])])


def _same(was: Sequence[Entry], now: Sequence[Entry]) -> bool:
    """Tell whether a family is the same in both editions, wording apart."""
    def told(entries: Sequence[Entry]) -> list[object]:
        return [(e.family.hit, e.rule.condition, dict(e.rule.outcome)) for e in entries]

    return told(was) == told(now)


def _equal(old: Chain, new: Chain, family: str, code: str) -> int:
    circuit = old.circuit
    a, b = old.steps[family][code], new.steps[family][code]
    return circuit.every(
        circuit.some([circuit.every([a.get(v, FALSE), b.get(v, FALSE)]), circuit.every([-a.get(v, FALSE), -b.get(v, FALSE)])])
        for v in dict.fromkeys([*a, *b]))


Side = tuple[Chain, list[Entry]]


def _answers(family: str, code: str, old: Side, new: Side) -> Iterator[Region]:
    """A 单选 or 是否 conclusion: by the rule that gives it before and the one that gives it after."""
    for was, first, a in _givers(code, *old):
        for now, second, b in _givers(code, *new):
            if was != now:
                yield Region(family, code, was, now, first, second, old[0].circuit.every([a, b]))


def _givers(code: str, chain: Chain, entries: Sequence[Entry]) -> list[tuple[Scalar | None, Rule | None, int]]:
    giving = [(e.rule.outcome[code], e.rule, e.gives[code]) for e in entries if code in e.gives]
    nobody = chain.circuit.every(-x for _, _, x in giving)
    return [*giving, (UNSAID.get(code), None, nobody)]  # type: ignore[list-item]


def _members(family: str, code: str, old: Side, new: Side) -> Iterator[Region]:
    """A member of a set: by the rule that gives it in one edition, where the other edition does not have it."""
    every = old[0].circuit.every
    for entries, other, come in ((old[1], new[0], False), (new[1], old[0], True)):
        for entry in entries:
            given = entry.rule.outcome.get(code)
            for member in sorted(given) if isinstance(given, frozenset) else ():
                literal = every([entry.gives[code], -other.steps[family][code].get(member, FALSE)])
                yield (Region(family, code, None, member, None, entry.rule, literal) if come
                       else Region(family, code, member, None, entry.rule, None, literal))


class Books:
    """Both editions as rule books, to see a difference where it counts: in their decisions."""

    def __init__(self, before: RuleSource, after: RuleSource) -> None:
        self.sources = before, after
        self._books = tuple(
            Rulebook(s, compile_generated, Extractor(s.words, s.regions, s.settings, s.table)) for s in (before, after))

    def differing(self, ticket: Ticket, at: datetime) -> dict[str, tuple[FactValue, FactValue]]:
        """Return the conclusions that differ on a ticket in words."""
        return differing(*(book.decide(ticket, at) for book in self._books))

    def along(self, facts: Mapping[str, FactValue], regions: Sequence[Region], day: date) -> tuple[str, ...]:
        """Return in words what else differs on a ticket with these facts."""
        at = datetime.combine(day, time(9), SHANGHAI)
        found = differing(*(book.decide_facts(Ticket(ticket_no="1"), Facts(facts), at) for book in self._books))
        return tuple(self.words(code, *pair) for code, pair in found.items() if code not in {r.code for r in regions})

    def ticket(self, writer: Writer, facts: Mapping[str, FactValue], regions: Sequence[Region], day: date) -> Ticket | None:
        """Return a ticket in words that both editions read themselves, and whose decisions differ in a region's conclusion."""
        at = datetime.combine(day, time(9), SHANGHAI)
        wanted = {r.code for r in regions}
        return next((t for t in writer.drafts(facts) if wanted & self.differing(t, at).keys()), None)

    def words(self, code: str, was: FactValue, now: FactValue) -> str:
        """Say ``主办单位：税务局 → 人社局``."""
        before, after = (named(code, value, source) for value, source in zip((was, now), self.sources, strict=True))
        return f"{self.sources[1].table.by_code[code].label}：{before} → {after}"


def differing(was: Decision, now: Decision) -> dict[str, tuple[FactValue, FactValue]]:
    """Return the conclusions in which two decisions differ."""
    pairs = {code: (_came_out(code, was), _came_out(code, now)) for code in SHOWN}
    return {code: pair for code, pair in pairs.items() if pair[0] != pair[1]}


def _came_out(code: str, decision: Decision) -> FactValue:
    if code == "deadlines":
        return frozenset(d.key for d in decision.due if d.key != "host")
    if code == "notices":
        return frozenset(a.key for a in decision.alerts)
    value = getattr(decision, code)
    return frozenset(value) if isinstance(value, tuple) else value if isinstance(value, bool) else str(value or "")


def named(code: str, value: FactValue | None, source: RuleSource) -> str:
    """Say one value, or several, by the names that the county gives them."""
    if value is None or value == "" or value == frozenset():
        return "无"
    if code == "deadlines":
        return "、".join(source.deadlines[k].what if k in source.deadlines else k for k in sorted(value))  # type: ignore[arg-type]
    if code == "notices":
        return "、".join(source.notices[k].partition("：")[0] if k in source.notices else k for k in sorted(value))  # type: ignore[arg-type]
    return value_in_words(code, value, source.table)


def told(witness: Witness, before: RuleSource, after: RuleSource) -> list[str]:
    """Return what a clerk reads of one witness."""
    lines = [_region(r, before, after) for r in witness.regions]
    lines.append(f"  例：{in_words(witness.facts, after.table)}")
    if witness.ticket:
        lines.append(f"  工单：{witness.ticket.title}。{witness.ticket.content}")
    if witness.along:
        lines.append("  随之：" + "；".join(witness.along))
    return lines


def _region(r: Region, before: RuleSource, after: RuleSource) -> str:
    label = after.table.by_code[r.code].label
    if after.table.by_code[r.code].kind is Kind.SET:
        rule, member, source = (r.after, r.now, after) if r.after else (r.before, r.was, before)
        said = named(r.code, frozenset({str(member)}), source)
        return f"{label}：{'多了' if r.after else '少了'} {said}（{'现' if r.after else '原'}由 {_rule(rule)} 给出）"
    givers = f"原由 {_rule(r.before)}，现由 {_rule(r.after)}"
    return f"{label}：{named(r.code, r.was, before)} → {named(r.code, r.now, after)}（{givers}）"


def _rule(rule: Rule | None) -> str:
    return f"{rule.id}（{rule.name}）" if rule else "没有规则"

"""Rules in force: families asked in order, each result a fact for the next, every answer with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from hsdispute_plugin.model import (
    SHANGHAI,
    Alert,
    Decision,
    DueDate,
    Facts,
    FactValue,
    Matter,
    Reason,
    Scope,
    Ticket,
    Track,
    Unit,
)
from hsdispute_plugin.rules.condition import All, Condition, Leaf, leaves
from hsdispute_plugin.rules.condition_code import matcher
from hsdispute_plugin.rules.evidence import Evidence
from hsdispute_plugin.rules.facts import FactTable, Kind
from hsdispute_plugin.rules.levels import Level
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.speech import Given, Speech
from hsdispute_plugin.rules.workdays import Deadline, WorkCalendar, WorkHours


class Hit(StrEnum):
    """Hit policy of a family.

    首条: each concluded fact is given by the first rule that holds and concludes it; a rule that gives nothing
    new does not speak. So one family may hold two columns of rules, such as 主办单位 and 办理方式, side by side.
    全收: all rules that hold speak and their sets are united; two different answers for one 单选 or 是否 fact are
    a conflict that ``check`` refuses (at run time the earlier rule wins).
    """

    FIRST = "首条"
    ALL = "全收"


#: The six families in the order they are asked: label, and the facts their rules may conclude.
FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType({
    "scope": ("受理范围", ("scope", "compound")),
    "duty": ("职责认定", ("lead_candidates", "units")),
    "grounds": ("事项分类", ("major_grounds", "review_grounds")),
    "triage": ("分类流转", ("lead", "track", "matter")),
    "deadline": ("时限", ("deadlines",)),
    "escalation": ("催办督办", ("notices", "deadlines")),
})


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a rule file. ``since`` and ``until`` bound the days it is in force (until: exclusive)."""

    id: str
    name: str
    clause: str
    since: date
    condition: Condition
    outcome: Mapping[str, FactValue]
    because: str
    until: date | None = None
    unconfirmed: str = ""  # basis of a number that the document does not give (标记: 未确认)
    where: str = ""  # file:line


@dataclass(frozen=True, slots=True)
class Family:
    """The rules of one file, in the order of the file: earlier wins."""

    code: str
    hit: Hit
    rules: tuple[Rule, ...]

    @property
    def label(self) -> str:
        """The Chinese name."""
        return FAMILIES[self.code][0]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of ``settings.yaml``; a number that is neither law nor document says so."""

    key: str
    value: str | int | bool
    says: str
    basis: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A configuration directory as read and checked by ``load``; all that a rule book is made from."""

    families: tuple[Family, ...]
    table: FactTable
    units: Mapping[str, Unit]
    deadlines: Mapping[str, Deadline]
    notices: Mapping[str, str]  # 通报对象: code -> what to do
    settings: Mapping[str, Setting]
    calendar: WorkCalendar
    hours: WorkHours
    words: Words
    regions: Regions
    edition: str
    levels: tuple[Level, ...] = ()  # 催办督办级别


REMEMBERED = 4096


class Engine(Protocol):
    """Matches the rules of one family against facts. Two live here: ``durable`` and ``generated``."""

    name: str

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules whose condition holds, ascending. Thread-safe."""

    def close(self) -> None:
        """Free what the engine holds; calling it twice is harmless."""


CompileEngine = Callable[[Sequence[Rule], FactTable], Engine]
Extract = Callable[[Ticket], Facts]


class Rulebook:
    """Decides tickets by one edition of the rules. Immutable once built; safe to share between threads."""

    def __init__(self, source: RuleSource, compile_engine: CompileEngine, extract: Extract) -> None:
        self.source = source
        self._extract = extract
        self._conclusions = frozenset(c for c, d in source.table.by_code.items() if d.source == "family")
        # What every rule of a family demands: where it fails, no rule can speak and the engine need not be asked.
        self._gates = {f.code: matcher([All(gate)], source.table) for f in source.families if (gate := _gate(f.rules))}
        sets = frozenset(c for c, d in source.table.by_code.items() if d.kind is Kind.SET)
        asked = {leaf.fact for f in source.families for r in f.rules for leaf in leaves(r.condition)}
        self._counts = tuple((d.code, d.counts) for d in source.table.by_code.values() if d.counts and d.code in asked)
        count_of = dict(self._counts)
        self._counts_after = {f.code: tuple(c for c in self._counts if c[1] in FAMILIES[f.code][1]) for f in source.families}
        self._speeches = {
            f.code: tuple(
                Speech(r, source.table, unite=f.hit is Hit.ALL, count_of=count_of, sets=sets, conclusions=self._conclusions)
                for r in f.rules) for f in source.families}
        self._families = tuple((f, compile_engine(f.rules, source.table)) for f in source.families)
        self._in_force: dict[date, tuple[frozenset[int] | None, ...]] = {}
        self._counted: dict[tuple[str, tuple[date, bool]], DueDate] = {}
        self.engine_name = self._families[0][1].name if self._families else "none"

    @property
    def edition(self) -> str:
        """The hash of the configuration this book was read from."""
        return self.source.edition

    def close(self) -> None:
        """Free the engines."""
        for _, engine in self._families:
            engine.close()

    def facts(self, ticket: Ticket) -> Facts:
        """Read the facts of a ticket, before any rule has spoken."""
        return self._extract(ticket)

    def decide(self, ticket: Ticket, now: datetime) -> Decision:
        """Decide one ticket as of ``now`` (aware). Clause: 合政办发〔2025〕30号 四（一）（二）."""
        return self.decide_facts(ticket, self._extract(ticket), now)

    def decide_facts(
        self, ticket: Ticket, facts: Facts, now: datetime, steps: list[Mapping[str, FactValue]] | None = None
    ) -> Decision:
        """Decide from facts that are already read; ``steps`` is given the values that each family was asked with."""
        values: dict[str, FactValue] = dict(facts.values)
        evidence = Evidence.of(facts.evidence)
        behind = dict(evidence.behind)
        reasons: list[Reason] = []
        alerts: list[Alert] = []
        for code, of in self._counts:
            values[code] = len(values.get(of, ()))  # type: ignore[arg-type]
        for (family, engine), in_force in zip(self._families, self.in_force(now.astimezone(SHANGHAI).date()), strict=True):
            if steps is not None:
                steps.append(dict(values))
            gate = self._gates.get(family.code)
            fired = engine.matching(values) if gate is None or gate(values) else []
            if in_force is not None:
                fired = [i for i in fired if i in in_force]
            concluded: set[str] = set()
            speeches, label = self._speeches[family.code], family.label
            for i in fired:
                speech = speeches[i]
                gives: Sequence[Given] = speech.gives
                if concluded:
                    gives = [g for g in gives if g.united or g.code not in concluded]
                    if not gives:
                        continue
                places = speech.places(values, behind)  # no rule asks for what its own family concludes
                for code, value, keys, _ in gives:
                    concluded.add(code)
                    if keys is None:
                        values[code] = value
                        continue
                    have = values.get(code)
                    values[code] = have | value if have else value  # type: ignore[operator]
                    if places:
                        for key in keys:
                            behind[key] = behind.get(key, 0) | places
                rule = speech.rule
                reasons.append(Reason(rule.id, label, rule.clause, rule.because, evidence.phrases(places) if places else ()))
                if speech.notices and any(g.code == "notices" for g in gives):
                    known = {a.key for a in alerts}
                    # In the order of notices.yaml: 110 before the office.
                    alerts += [Alert(k, what, rule.id) for k, what in self.source.notices.items()
                               if k in speech.notices and k not in known]  # type: ignore[operator]
            for code, of in self._counts_after[family.code]:
                values[code] = len(values.get(of, ()))  # type: ignore[arg-type]
        return self._decision(ticket, values, tuple(reasons), tuple(alerts), now)

    def in_force(self, day: date) -> tuple[frozenset[int] | None, ...]:
        """Per family the positions of rules in force on a day; ``None`` means all.

        A later entry of one id replaces the earlier.
        """
        if (known := self._in_force.get(day)) is None:
            known = self._in_force[day] = tuple(_in_force(f.rules, day) for f, _ in self._families)
        return known

    def _decision(
        self, ticket: Ticket, values: Mapping[str, FactValue],
        reasons: tuple[Reason, ...], alerts: tuple[Alert, ...], now: datetime,
    ) -> Decision:
        matter = values.get("matter")
        return Decision(
            ticket_no=ticket.ticket_no,
            scope=Scope(str(values.get("scope", "boundary"))),
            compound=bool(values.get("compound", False)),
            insurance=_sorted(values, "insurance"),
            topics=_sorted(values, "topics"),
            lead=str(values.get("lead", "none")),
            units=_sorted(values, "units"),
            track=Track(str(values.get("track", "joint"))),
            matter=Matter(str(matter)) if matter else None,
            signals=_sorted(values, "signals"),
            ticket_type=str(values.get("ticket_type", "")),
            due=self._due(ticket, values, now),
            reasons=reasons,
            edition=self.edition,
            engine=self.engine_name,
            alerts=alerts,
        )

    def _due_of(self, key: str, start: datetime, day: tuple[date, bool]) -> DueDate:
        """Count one deadline; those in days come out the same for all tickets of one day."""
        deadline = self.source.deadlines[key]
        if not deadline.in_days:
            return deadline.due(key, start, self.source.calendar, self.source.hours)
        if (known := self._counted.get((key, day))) is None:
            if len(self._counted) > REMEMBERED:
                self._counted.clear()
            known = self._counted[key, day] = deadline.due(key, start, self.source.calendar, self.source.hours)
        return known

    def _due(self, ticket: Ticket, values: Mapping[str, FactValue], now: datetime) -> tuple[DueDate, ...]:
        start = ticket.received_at or now
        local = start.astimezone(SHANGHAI)
        day = (local.date(), local.time() > self.source.hours.closes)
        due = [self._due_of(key, start, day) for key in values.get("deadlines", ())]  # type: ignore[union-attr]
        if ticket.host_due_at:
            due.append(DueDate("host", "平台工单时限", ticket.host_due_at, "平台随工单给出的时限", confirmed=True))
        return tuple(sorted(due, key=lambda d: (d.due_at, d.key)))


def _gate(rules: Sequence[Rule]) -> tuple[Leaf, ...]:
    """Return the leaves that every rule demands outright."""
    demanded = [
        {p for p in (r.condition.parts if isinstance(r.condition, All) else (r.condition,)) if isinstance(p, Leaf)} for r in rules
    ]
    return tuple(set.intersection(*demanded)) if demanded else ()


def rules_in_force(rules: Sequence[Rule], day: date) -> frozenset[int]:
    """Return the positions of the rules in force on a day: of several entries of one id the latest begun."""
    latest: dict[str, int] = {}
    for i, r in enumerate(rules):
        if r.since <= day and (r.id not in latest or rules[latest[r.id]].since <= r.since):
            latest[r.id] = i
    return frozenset(i for i in latest.values() if (end := rules[i].until) is None or day < end)


def _in_force(rules: Sequence[Rule], day: date) -> frozenset[int] | None:
    kept = rules_in_force(rules, day)
    return None if len(kept) == len(rules) else kept


def _sorted(values: Mapping[str, FactValue], code: str) -> tuple[str, ...]:
    return tuple(sorted(values.get(code, ())))  # type: ignore[arg-type]

"""Rules in force: families asked in order, each result a fact for the next, every answer with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from hsdispute_plugin.rules.answers import Answers
from hsdispute_plugin.rules.condition import Condition
from hsdispute_plugin.rules.evidence import Evidence
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.levels import Level
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.speech import Speech
from hsdispute_plugin.rules.truths import Truths
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


REMEMBERED = 4_000  # counts of deadlines, sets put in order
DAYS = 100  # days whose rules are kept ready


class Engine(Protocol):
    """Matches the rules of one family against facts. Two live here: ``durable`` and ``generated``."""

    name: str

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules whose condition holds, ascending. Thread-safe."""

    def close(self) -> None:
        """Free what the engine holds; calling it twice is harmless."""


CompileEngine = Callable[[Sequence[Rule], FactTable], Engine]
Extract = Callable[[Ticket], Facts]


_SCOPES: Mapping[object, Scope] = {s.value: s for s in Scope}
_TRACKS: Mapping[object, Track] = {t.value: t for t in Track}
_MATTERS: Mapping[object, Matter] = {m.value: m for m in Matter}
_NONE: frozenset[str] = frozenset()


class Ordered(dict[FactValue, tuple[str, ...]]):
    """Members in their order, each set sorted once."""

    def __missing__(self, members: FactValue) -> tuple[str, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
        ordered = self[members] = tuple(sorted(members))  # type: ignore[arg-type]
        return ordered


class Rulebook:
    """Decides tickets by one edition of the rules. Immutable once built; safe to share between threads."""

    def __init__(self, source: RuleSource, compile_engine: CompileEngine, extract: Extract) -> None:
        self.source = source
        self._extract = extract
        self._conclusions = frozenset(c for c, d in source.table.by_code.items() if d.source == "family")
        self._truths = Truths((r.condition for f in source.families for r in f.rules), source.table)
        self._families = tuple(
            (f, compile_engine(f.rules, source.table),
             tuple(Speech(r, source.table, f.label, self._truths.compared) for r in f.rules)) for f in source.families)
        self._answers: dict[tuple[frozenset[int] | None, ...], tuple[Answers, ...]] = {}
        self._on_day: dict[date, tuple[Answers, ...]] = {}
        self._by_hour = frozenset(key for key, deadline in source.deadlines.items() if not deadline.in_days)
        self._counted: dict[tuple[frozenset[str], date, bool], tuple[DueDate, ...]] = {}
        self._ordered = Ordered()
        self.engine_name = self._families[0][1].name if self._families else "none"

    @property
    def edition(self) -> str:
        """The hash of the configuration this book was read from."""
        return self.source.edition

    def close(self) -> None:
        """Free the engines."""
        for _, engine, _ in self._families:
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
        evidence = Evidence.of(facts)
        behind = dict(evidence.behind)
        reasons: list[Reason] = []
        alerts: list[Alert] = []
        truths, compared = self._truths.of(values), self._truths.compared
        for answers in self._on(now.astimezone(SHANGHAI).date()):
            if steps is not None:
                steps.append(self._truths.counted(values))
            said = answers.of(truths, values)
            for reason, keys, gives in said.spoken:
                places = 0  # no rule asks for what its own family concludes
                for key in keys:
                    if key in behind:
                        places |= behind[key]
                if places:
                    for key in gives:
                        behind[key] = behind.get(key, 0) | places
                    reason = Reason(reason.rule, reason.family, reason.clause, reason.because, evidence.phrases(places))
                reasons.append(reason)
            for code, value in said.concluded:
                have = values.get(code)
                now_held = have | value if have and isinstance(value, frozenset) else value  # type: ignore[operator]
                values[code] = now_held
                if code in compared:
                    truths ^= compared[code][have] ^ compared[code][now_held]
            alerts += said.alerts
        return self._decision(ticket, values, tuple(reasons), tuple(alerts), now)

    def in_force(self, day: date) -> tuple[frozenset[int] | None, ...]:
        """Per family the positions of rules in force on a day; ``None`` means all.

        A later entry of one id replaces the earlier.
        """
        return tuple(_in_force(f.rules, day) for f in self.source.families)

    def _on(self, day: date) -> tuple[Answers, ...]:
        """Return the answers of the families in their order; days with the same rules in force share them."""
        if (known := self._on_day.get(day)) is None:
            if len(self._on_day) >= DAYS:
                self._on_day.clear()
                self._answers.clear()
            in_force = self.in_force(day)
            if (known := self._answers.get(in_force)) is None:
                known = self._answers[in_force] = tuple(
                    Answers(engine, speeches, kept, self._truths, self._conclusions, self.source.notices, unite=f.hit is Hit.ALL)
                    for (f, engine, speeches), kept in zip(self._families, in_force, strict=True))
            self._on_day[day] = known
        return known

    def _decision(
        self, ticket: Ticket, values: Mapping[str, FactValue],
        reasons: tuple[Reason, ...], alerts: tuple[Alert, ...], now: datetime,
    ) -> Decision:
        get, ordered = values.get, self._ordered
        matter = get("matter")
        return Decision(
            ticket_no=ticket.ticket_no,
            scope=_SCOPES[get("scope", "boundary")],
            compound=bool(get("compound", False)),
            insurance=ordered[get("insurance", _NONE)],
            topics=ordered[get("topics", _NONE)],
            lead=str(get("lead", "none")),
            units=ordered[get("units", _NONE)],
            track=_TRACKS[get("track", "joint")],
            matter=_MATTERS[matter] if matter else None,
            signals=ordered[get("signals", _NONE)],
            ticket_type=str(get("ticket_type", "")),
            due=self._due(ticket, get("deadlines", _NONE), now),  # type: ignore[arg-type]
            reasons=reasons,
            edition=self.edition,
            engine=self.engine_name,
            alerts=alerts,
        )

    def _due(self, ticket: Ticket, deadlines: frozenset[str], now: datetime) -> tuple[DueDate, ...]:
        start = ticket.received_at or now
        local = start.astimezone(SHANGHAI)
        asked = deadlines, local.date(), local.time() > self.source.hours.closes
        # Those in days come out the same for all tickets of one day.
        if (known := self._counted.get(asked)) is None:
            if len(self._counted) >= REMEMBERED:
                self._counted.clear()
            known = self._counted[asked] = _by_time(self._count(key, start) for key in deadlines - self._by_hour)
        if not ticket.host_due_at and deadlines.isdisjoint(self._by_hour):
            return known
        due = [*known, *(self._count(key, start) for key in deadlines & self._by_hour)]
        if ticket.host_due_at:
            due.append(DueDate("host", "平台工单时限", ticket.host_due_at, "平台随工单给出的时限", confirmed=True))
        return _by_time(due)

    def _count(self, key: str, start: datetime) -> DueDate:
        return self.source.deadlines[key].due(key, start, self.source.calendar, self.source.hours)


def _by_time(due: Iterable[DueDate]) -> tuple[DueDate, ...]:
    return tuple(sorted(due, key=lambda d: (d.due_at, d.key)))


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

"""A case as the desk holds it: read from the store with its clocks, and saved with all that an act did, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hsdispute_plugin.case import ACTS, WINDOWS, Actor, Case, JournalEntry, Outcome, Policy, Role
from hsdispute_plugin.clocks import ClockBook, effective
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.model import FactValue, Ticket
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_inbox import WHOLE, PartRow
from hsdispute_plugin.store_rows import CaseRow, ClockRow

_OWING = {"office": "专班办公室", "director": "专班主任", "payer": "缴费人", "respondent": "对方当事人", "court": "法院",
          "organ": "受理机关"}
#: Numbers that an older settings.yaml does not give, as the shipped one does.
_USUAL = {"yellow_percent": 50, "orange_percent": 80, "console_idle_minutes": 30, "console_session_hours": 10,
          "console_failures": 5, "shadow_tickets": 200, "prune_days": 180}


def number_of(source: RuleSource, key: str) -> int:
    """Return a number of settings.yaml that may be absent there."""
    return int(source.settings[key].value) if key in source.settings else _USUAL[key]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk works by under one edition of the configuration."""

    source: RuleSource
    policy: Policy
    clocks: ClockBook
    shares: Mapping[str, float]  # of a period, after which the inbox shows it in this colour

    @classmethod
    def of(cls, source: RuleSource) -> Terms:
        """Read them from a configuration."""
        policy = Policy.of(source.units.values(), {k: s.value for k, s in source.settings.items()})
        return cls(source, policy, ClockBook(source.deadlines, source.calendar, source.hours, source.levels),
                   {name: min(1.0, number_of(source, f"{name}_percent") / 100) for name in ("yellow", "orange")})


@dataclass(frozen=True, slots=True)
class Docket:
    """A case, its clocks in the order they were started (stopped ones included), and its row."""

    row: CaseRow
    case: Case
    clocks: tuple[Clock, ...]


def read(tx: Transaction, row: CaseRow) -> Docket:
    """Return the case of a row whose file was opened."""
    return Docket(row, Case.from_json(row.file), tuple(Clock.from_json(c.clock) for c in tx.clocks(row.case_no)))


def clocked(terms: Terms, outcome: Outcome, clocks: Sequence[Clock] = ()) -> tuple[Clock, ...]:
    """Return the clocks of a case after an act."""
    return terms.clocks.apply(outcome.clocks, clocks)


def save(tx: Transaction, terms: Terms, docket: Docket, before: Sequence[Clock] = (), *, anew: bool = False) -> Docket:
    """Save a case with its row and those clocks that are not the same objects as ``before``; ``anew``: it never was."""
    case, due = docket.case, effective(docket.clocks)
    track = case.handling.track or case.decision.track
    row = replace(docket.row, state=case.state.value, file=case.to_json(), accepting_unit=case.accepting_unit, track=track.value,
                  due_at=due.due_at if due else None)
    tx.save_case(row)
    values = facts_of(case)
    tx.save_clocks(
        ClockRow(row.case_no, place, c.key, c.unit, c.due_at, c.stopped_at is None, terms.clocks.look_at(c, values), c.to_json())
        for place, c in enumerate(docket.clocks) if place >= len(before) or c is not before[place])
    tx.set_parts(row.case_no, parts_of(docket, terms), anew=anew)
    return replace(docket, row=row)


def parts_of(docket: Docket, terms: Terms) -> Iterator[PartRow]:
    """Give what each unit that takes part owes next, and the whole case as the unit ``WHOLE``: the inbox reads it.

    A unit that is not here may not see the case.
    """
    running = [c for c in docket.clocks if c.stopped_at is None and not c.paused and c.key not in WINDOWS]
    for unit in (WHOLE, *sorted(units_of(docket.case) | {c.unit for c in running})):
        owed = [c for c in running if unit in (WHOLE, c.unit)]
        if not owed:
            yield PartRow(unit)
            continue
        clock = min(owed, key=lambda c: (c.due_at, c.key))
        yield PartRow(unit, clock.due_at, *(terms.clocks.share_of(clock, terms.shares[n]) for n in ("yellow", "orange")))


def units_of(case: Case) -> set[str]:
    """Return the units that take part in a case, and so may see it (三、四: 受理部门, the asked, the supervised, the court)."""
    rounds = (*case.past, case.handling)
    units = {case.accepting_unit, case.first_contact.unit, *(s.unit for s in case.supervisions)}
    units |= {t.unit for r in rounds for t in r.tasks} | {d.unit for d in case.designations}
    units |= {u for r in rounds for u in r.co_units} | {h.former.unit for h in case.handovers}
    units |= {"court"} if any(r.court for r in rounds) else set()
    return units | ({"cyber"} if case.public_opinion else set())


def write_journal(tx: Transaction, terms: Terms, row: CaseRow, case: Case, entries: Sequence[JournalEntry]) -> None:
    """Append what an act wrote: who, when, what, why, by which clause; without the payer, whom a reason may name.

    The journal outlives the case: what is erased with the papers must not stand here.
    """
    about = Identity.of(Ticket.model_validate(row.ticket), case)
    for e in entries:
        label = ACTS[e.act].label if e.act in ACTS else {"open": "收到工单", "suggest": "重新建议"}[e.act]
        moved = f"（{e.before.label}→{e.after.label}）" if e.before is not e.after else ""
        why = in_words(e.says, terms) + moved + (f"；理由：{e.why}" if e.why else "")
        tx.add_journal(row.case_no, e.at, signature(terms, e.who), label, about.conceal(why), e.clause)


def signature(terms: Terms, who: Actor) -> str:
    """Name an actor as the journal does: ``张某某（税务局承办人）``."""
    if who.role is Role.CLOCK:
        return who.name
    unit = terms.source.units.get(who.unit)
    of = unit.short if unit else who.unit
    return f"{who.name}（{who.role.label if who.role.label.startswith(of) else of + who.role.label}）"


def owing(code: str, terms: Terms) -> str:
    """Name who owes something, as the clocks of a case do: a unit, or one of those who are none."""
    unit = terms.source.units.get(code)
    return unit.short if unit else _OWING.get(code, code)


def facts_of(case: Case) -> Mapping[str, FactValue]:
    """Return what rules on clocks may ask of a case: the decision's facts, with the class that a person decided."""
    d, decided = case.decision, case.handling.track
    values: dict[str, FactValue] = {
        "scope": d.scope.value, "compound": d.compound, "insurance": frozenset(d.insurance), "topics": frozenset(d.topics),
        "lead": d.lead, "units": frozenset(d.units), "track": (decided or d.track).value, "signals": frozenset(d.signals),
        "ticket_type": d.ticket_type,
    }
    if d.matter:
        values["matter"] = d.matter.value
    return values


def in_words(text: str, terms: Terms) -> str:
    """Return a sentence with codes of units replaced by their short names: the case speaks by codes, clerks do not."""
    units = terms.source.units
    return re.sub(r" ?(?<![\w.])(" + "|".join(units) + r")(?![\w.]) ?", lambda m: units[m[1]].short, text)

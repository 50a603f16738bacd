"""A case as the desk holds it: read from the store with its clocks, and saved with all that an act did, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hsdispute_plugin.case import ACTS, Actor, Case, JournalEntry, Outcome, Policy, Role
from hsdispute_plugin.clocks import ClockBook, effective
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.model import FactValue, Ticket
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_rows import CaseRow, ClockRow

_OWING = {"office": "专班办公室", "director": "专班主任", "payer": "缴费人", "respondent": "对方当事人", "court": "法院",
          "organ": "受理机关"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk works by under one edition of the configuration."""

    source: RuleSource
    policy: Policy
    clocks: ClockBook

    @classmethod
    def of(cls, source: RuleSource) -> Terms:
        """Read them from a configuration."""
        policy = Policy.of(source.units.values(), {k: s.value for k, s in source.settings.items()})
        return cls(source, policy, ClockBook(source.deadlines, source.calendar, source.hours, source.levels))


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


def save(tx: Transaction, terms: Terms, docket: Docket, before: Sequence[Clock] = ()) -> Docket:
    """Save a case with its row and those clocks that are not the same objects as ``before``."""
    case, due = docket.case, effective(docket.clocks)
    track = case.handling.track or case.decision.track
    row = replace(docket.row, state=case.state.value, file=case.to_json(), accepting_unit=case.accepting_unit, track=track.value,
                  due_at=due.due_at if due else None)
    tx.save_case(row)
    values = facts_of(case)
    tx.save_clocks(
        ClockRow(row.case_no, place, c.key, c.unit, c.due_at, c.stopped_at is None, terms.clocks.look_at(c, values), c.to_json())
        for place, c in enumerate(docket.clocks) if place >= len(before) or c is not before[place])
    return replace(docket, row=row)


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

"""What should stand in the host's ticket for a case: the rules' suggestion until a person has decided, then that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hsdispute_plugin.case import TOTALS, Case, Outcome, State
from hsdispute_plugin.clocks import effective
from hsdispute_plugin.desk_docket import Docket, Terms, in_words, signature
from hsdispute_plugin.explain import basis, explanation, helper_names
from hsdispute_plugin.hooks.platform import WriteBack, mark_of
from hsdispute_plugin.model import SHANGHAI, Decision, Track
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.rulebook import RuleSource

CATEGORY_IN, CATEGORY_OUT = "征缴", "其他"


def write_back(key: str, decision: Decision, source: RuleSource) -> WriteBack:
    """Return what should stand in the host's ticket for a decision that no case is kept for."""
    due = [d.due_at for d in decision.due if d.key in TOTALS]
    lead = source.units[decision.lead].name if decision.lead in source.units else ""
    helpers = helper_names(decision, source) if decision.track is not Track.INFORM else ()
    return _result(key, decision, source, decision.track, lead, helpers, min(due, default=decision.due_at),
                   explanation(decision, source))


def standing(key: str, docket: Docket, terms: Terms, note: str) -> WriteBack:
    """Return what should stand in the host's ticket for a case as it now is, with a note under ``key``."""
    case, source = docket.case, terms.source
    track = case.handling.track or (Track.INFORM if case.handling.referral else case.decision.track)
    decided = case.handling.track is not None
    lead = case.accepting_unit if decided or case.decision.lead not in source.units else case.decision.lead
    codes = _helpers(case, terms) if decided else case.decision.units
    names = tuple(source.units[u].name for u in codes if u != lead and u in source.units) if track is not Track.INFORM else ()
    named = decided or case.decision.lead in source.units
    submission = case.handling.submission
    return _result(key, case.decision, source, track, source.units[lead].name if named and lead in source.units else "", names,
                   whole_due(docket.clocks), note, submission.submission_no if submission else "", _referred_to(case, source))


def whole_due(clocks: Iterable[Clock]) -> datetime | None:
    """Return by when the whole matter is due; once it is answered, by when it was."""
    clocks = tuple(clocks)
    if running := effective(clocks):
        return running.due_at
    ended = [c for c in clocks if c.key in TOTALS and c.stopped_at]
    return max(ended, key=lambda c: (c.stopped_at, c.due_at)).due_at if ended else None


def act_note(outcome: Outcome, terms: Terms, papers: Iterable[str]) -> str:
    """Return what a clerk reads in the host about an act: what, who, when, why, by which clause, what follows."""
    lines = []
    for e in outcome.journal:
        at = e.at.astimezone(SHANGHAI)
        lines.append(f"{in_words(e.says, terms)}。{signature(terms, e.who)}，{at.year}年{at.month}月{at.day}日{at:%H:%M}。"
                     + (f"理由：{e.why}。" if e.why else "") + f"依据：{e.clause}。")
    lines.append(f"现在的状态：{outcome.case.state.label}。")
    if made := "、".join(papers):
        lines.append(f"文书：{made}。")
    if outcome.tell:
        lines.append(f"须告知：{'、'.join(outcome.tell)}。")
    return "\n".join(lines)


def _referred_to(case: Case, source: RuleSource) -> str:
    """Return the name of the unit to which a person handed the matter; what the rules suggest hands over nothing.

    Clause: 三（二）县政府办「及时转交承办单位办理」；社会保险法 82「书面通知并移交」.
    """
    referral, unit = case.handling.referral, ""
    if referral and referral.written:
        unit = referral.to
    elif case.dispatched or any(d.unit == case.accepting_unit for d in case.designations):
        unit = case.accepting_unit
    return source.units[unit].name if unit in source.units else ""


def _helpers(case: Case, terms: Terms) -> tuple[str, ...]:
    if case.handling.track is Track.MAJOR:
        return terms.policy.members
    return case.handling.co_units if case.state is not State.INFORMED else ()


def _result(
    key: str, decision: Decision, source: RuleSource, track: Track, lead: str, helpers: tuple[str, ...],
    due_at: datetime | None, note: str, submission_no: str = "", refer_to: str = "",
) -> WriteBack:
    return WriteBack(
        key=key, lead=lead, helpers=helpers, category=CATEGORY_OUT if track is Track.INFORM else CATEGORY_IN,
        handling=source.table.by_code["track"].label_of(track), track=track, due_at=due_at, basis=basis(decision),
        note=f"{mark_of(key)}\n{note}", submission_no=submission_no, refer_to=refer_to)

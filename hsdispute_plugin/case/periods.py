"""Which clocks run while a case stands where it stands: one table, and the starts and stops that follow from each act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from hsdispute_plugin.case.guards import ready_to_archive
from hsdispute_plugin.case.handling import CourtKind, RemedyKind, Side, TaskKind
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.states import ASKED, ASKED_SPECIAL, CLOSED, UNANSWERED, State
from hsdispute_plugin.model import Track

if TYPE_CHECKING:
    from hsdispute_plugin.case.file import CaseFile

#: Who owes where no unit does.
OFFICE, DIRECTOR, PAYER, RESPONDENT, COURT, ORGAN = "office", "director", "payer", "respondent", "court", "organ"

S = State


@dataclass(frozen=True, slots=True)
class Run:
    """A clock that runs: which period, who owes, since when (``None``: since the act), or until which given moment."""

    key: str
    unit: str
    since: datetime | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    pausable: bool = False


@dataclass(frozen=True, slots=True)
class ClockEffect:
    """What an act does to the clocks of its case; the ledger of clocks carries it out.

    ``start`` counts from ``at`` by the period ``key``, or is fixed by ``due_at`` / ``due_on`` (end of that working day).
    ``pause``, ``resume`` and ``extend`` carry approver and reason; ``extend`` moves the due by ``workdays``.
    """

    do: Literal["start", "stop", "pause", "resume", "extend"]
    key: str
    unit: str
    at: datetime
    due_at: datetime | None = None
    due_on: date | None = None
    workdays: int = 0
    approver: str = ""
    reason: str = ""


Owed = tuple[str, datetime | None]  # who owes, since when


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One line of the table: ``says`` from what to what the clock runs, ``owed`` for whom it runs in a given case.

    A ``window`` is a time in which somebody may act; when it lapses nothing is overdue. ``pausable``: 中止 stops it.
    """

    key: str
    says: str
    states: frozenset[State]
    owed: Callable[[CaseFile], Iterable[Owed]]
    window: bool = False
    pausable: bool = True


def _accepting(case: CaseFile) -> Iterator[Owed]:
    yield case.accepting_unit, None


def _whoever(who: str) -> Callable[[CaseFile], Iterable[Owed]]:
    return lambda case: ((who, None),)


def total_key(case: CaseFile) -> str:
    """Name the period of the whole matter: of the class a person decided, before that of the class the rules suggest."""
    track = case.handling.track or case.decision.track
    if track is Track.SINGLE and case.decision.ticket_type == "consult":
        return "consult_reply"
    return {Track.INFORM: "inform_reply", Track.SINGLE: "self_total", Track.JOINT: "general_total",
            Track.MAJOR: "major_total"}[track]


def _total(key: str) -> Callable[[CaseFile], Iterable[Owed]]:
    return lambda case: ((case.accepting_unit, case.handling.started_at),) if total_key(case) == key else ()


def _dispatch(case: CaseFile) -> Iterator[Owed]:
    if case.state is S.JOINT_DISPATCH or case.accepting_unit == "gov_office":
        yield case.accepting_unit, None


def _sign(case: CaseFile) -> Iterator[Owed]:
    if case.state is S.NEW and case.dispatched and not case.dispatched.signed_at:
        yield case.dispatched.unit, None
    yield from ((t.unit, None) for t in case.handling.open_tasks() if not t.signed_at)


def _return(case: CaseFile) -> Iterator[Owed]:
    if case.dispatched and case.dispatched.unit not in {d.unit for d in case.designations}:
        yield case.dispatched.unit, case.dispatched.at


def _register(case: CaseFile) -> Iterator[Owed]:
    taken = case.accepting_unit != "gov_office" and (case.dispatched is None or case.dispatched.signed_at is not None)
    if taken and not case.awaits_supplement:
        yield case.accepting_unit, None


def _opinions(kind: TaskKind) -> Callable[[CaseFile], Iterable[Owed]]:
    return lambda case: ((t.unit, None) for t in case.handling.open_tasks(kind))


def _archive(case: CaseFile) -> Iterator[Owed]:
    if ready_to_archive(case) and not case.handling_duties():
        yield case.accepting_unit, None


def _right_to_apply(kind: RemedyKind) -> Callable[[CaseFile], Iterable[Owed]]:
    def owed(case: CaseFile) -> Iterator[Owed]:
        h = case.handling
        told = h.objection is not None and kind in h.objection.routes
        if told and not h.no_remedy_at and kind not in {r.kind for r in h.remedies} and (served := h.served(Side.PAYER)):
            yield PAYER, served.served_at

    return owed


def _pending(kind: RemedyKind) -> Callable[[CaseFile], Iterable[Owed]]:
    return lambda case: ((ORGAN, r.applied_at) for r in case.handling.remedies if r.kind is kind and not r.ended_at)


def _right_to_sue(after: RemedyKind) -> Callable[[CaseFile], Iterable[Owed]]:
    def owed(case: CaseFile) -> Iterator[Owed]:
        h = case.handling
        ended = [r.ended_at for r in h.remedies if r.kind is after and r.ended_at]
        if ended and not h.no_remedy_at and RemedyKind.LITIGATION not in {r.kind for r in h.remedies}:
            yield PAYER, ended[-1]

    return owed


def _confirm_apply(case: CaseFile) -> Iterator[Owed]:
    agreed = [r.ended_at for r in case.handling.remedies if r.agreement and r.ended_at]
    if agreed and CourtKind.CONFIRMATION not in {m.kind for m in case.handling.court}:
        yield PAYER, agreed[-1]


def _court(kind: CourtKind, accepted: bool | None) -> Callable[[CaseFile], Iterable[Owed]]:
    def owed(case: CaseFile) -> Iterator[Owed]:
        for m in case.handling.court:
            if m.kind is kind and not m.ended_at and accepted in (None, m.accepted_at is not None):
                yield COURT, m.accepted_at if accepted else m.applied_at

    return owed


def _enforce(case: CaseFile) -> bool:
    return CourtKind.ENFORCEMENT in {m.kind for m in case.handling.court}


def _demand(case: CaseFile) -> Iterator[Owed]:
    if case.handling.demanded_at and not _enforce(case):
        yield RESPONDENT, case.handling.demanded_at


def _enforce_apply(case: CaseFile) -> Iterator[Owed]:
    if case.handling.demanded_at and case.handling.no_remedy_at and not _enforce(case):
        yield case.accepting_unit, case.handling.no_remedy_at


def _by_decision(key: str) -> Callable[[CaseFile], Iterable[Owed]]:
    return lambda case: ((case.accepting_unit, case.opened_at),) if any(d.key == key for d in case.decision.due) else ()


def _public_opinion(case: CaseFile) -> Iterator[Owed]:
    if case.public_opinion and not case.public_opinion.closed_at:
        yield "cyber", case.public_opinion.raised_at


def _danger(case: CaseFile) -> Iterator[Owed]:
    if case.danger and not case.danger.settled_at:
        yield case.accepting_unit, case.danger.raised_at


def _supervised(case: CaseFile) -> Iterator[Owed]:
    yield from ((s.unit, None) for s in case.supervisions if not s.answer)


_ANY = frozenset(State)
_NEW, _REMEDY, _COURT = frozenset({S.NEW}), frozenset({S.REMEDY}), frozenset({S.ENFORCEMENT})

#: Every period that the life of a case uses, but for those fixed by host or paper (``host``, ``feedback``).
PERIODS: tuple[PeriodRow, ...] = (
    PeriodRow("dispatch", "政府办收到至转办；分为联办至派发", _NEW | {S.JOINT_DISPATCH}, _dispatch),
    PeriodRow("sign", "转办、派发至签收", _NEW | ASKED | ASKED_SPECIAL, _sign),
    PeriodRow("return_unit", "转办至登记，期内可退单", _NEW, _return, window=True),
    PeriodRow("register", "首问或签收至登记；等待补正时不计", _NEW, _register),
    PeriodRow("supplement", "一次性补正告知至登记", _NEW, lambda c: ((PAYER, None),) if c.awaits_supplement else (), window=True),
    PeriodRow("triage_review", "登记至分流", frozenset({S.REGISTERED, S.TRIAGE}), _accepting),
    PeriodRow("designate", "职责争议至指定承办", frozenset({S.DUTY_DISPUTED}), _whoever(OFFICE)),
    PeriodRow("inform_reply", "收到至告知（建议为告知移送）", UNANSWERED, _total("inform_reply")),
    PeriodRow("consult_reply", "收到至送达双方（单办的咨询）", UNANSWERED, _total("consult_reply")),
    PeriodRow("self_total", "收到至送达双方（单办）", UNANSWERED, _total("self_total")),
    PeriodRow("general_total", "收到至送达双方（联办）", UNANSWERED, _total("general_total")),
    PeriodRow("major_total", "收到至送达双方（重大疑难）", UNANSWERED, _total("major_total")),
    PeriodRow("general_opinion", "派发至交书面意见，每个联办单位一个", ASKED, _opinions(TaskKind.JOINT)),
    PeriodRow("general_meeting", "召集至会商记录", frozenset({S.JOINT_MEETING}),
              lambda c: ((c.accepting_unit, None),) if c.handling.meeting_called_at else ()),
    PeriodRow("major_submit", "定为重大疑难至报送", frozenset({S.SUBMISSION}), _accepting),
    PeriodRow("chair_approval", "专班办公室收件至主任决定", frozenset({S.AT_OFFICE, S.AT_DIRECTOR}), _whoever(DIRECTOR)),
    PeriodRow("major_opinion", "主任同意至交书面意见，每个成员单位一个", ASKED_SPECIAL, _opinions(TaskKind.SPECIAL)),
    PeriodRow("major_meeting", "意见收齐或召集至专题会议", ASKED_SPECIAL,
              lambda c: ((OFFICE, None),) if c.state is S.SPECIAL_MEETING or not c.handling.open_tasks() else ()),
    PeriodRow("minutes_issue", "专题会议至纪要签发", frozenset({S.MINUTES}), _whoever(OFFICE)),
    PeriodRow("notify_after_decision", "处理意见形成至送达双方", frozenset({S.DRAFTING, S.REPLIED}), _accepting),
    PeriodRow("objection_window", "送达双方至登记有无异议", frozenset({S.OBJECTION}),
              lambda c: ((PAYER, None),) if c.handling.objection is None else (), window=True),
    PeriodRow("archive_after_close", "结果已了至归档", CLOSED | {S.OBJECTION, S.REMEDY, S.ENFORCEMENT}, _archive),
    PeriodRow("supervise_reply", "督办至答复", _ANY, _supervised, pausable=False),
    PeriodRow("extreme_words", "登记险情至处置", _ANY, _danger, pausable=False),
    PeriodRow("public_opinion", "转网信办至处置完毕", _ANY, _public_opinion, pausable=False),
    PeriodRow("petition_reply", "收到至审核（规则认定为信访事项）", frozenset({S.NEW, S.REGISTERED}),
              _by_decision("petition_reply"),
              pausable=False),
    PeriodRow("petition_total", "收到至送达双方（规则认定为信访事项）", UNANSWERED, _by_decision("petition_total"),
              pausable=False),
    PeriodRow("registration_work", "收到至送达双方（参保登记）", UNANSWERED, _by_decision("registration_work"), pausable=False),
    PeriodRow("labor_inspection", "收到至送达双方（劳动监察）", UNANSWERED, _by_decision("labor_inspection"), pausable=False),
    PeriodRow("remedy_follow", "登记异议至登记救济申请或期满未申请", _REMEDY,
              lambda c: () if c.handling.remedies or c.handling.no_remedy_at else ((c.accepting_unit, None),)),
    PeriodRow("mediation", "申请调解至有结果", _REMEDY | _COURT, _pending(RemedyKind.MEDIATION), pausable=False),
    PeriodRow("review_apply", "送达缴费人起，可申请复议", _REMEDY, _right_to_apply(RemedyKind.REVIEW), window=True,
              pausable=False),
    PeriodRow("review_decide", "申请复议至决定", _REMEDY | _COURT, _pending(RemedyKind.REVIEW), pausable=False),
    PeriodRow("review_sue", "复议决定起，可起诉", _REMEDY, _right_to_sue(RemedyKind.REVIEW), window=True, pausable=False),
    PeriodRow("sue_apply", "送达缴费人起，可起诉", _REMEDY, _right_to_apply(RemedyKind.LITIGATION), window=True, pausable=False),
    PeriodRow("sue_decide", "起诉至判决", _REMEDY | _COURT, _pending(RemedyKind.LITIGATION), pausable=False),
    PeriodRow("arbitration_apply", "送达缴费人起，可申请仲裁", _REMEDY, _right_to_apply(RemedyKind.ARBITRATION), window=True,
              pausable=False),
    PeriodRow("arbitration_decide", "申请仲裁至裁决", _REMEDY | _COURT, _pending(RemedyKind.ARBITRATION), pausable=False),
    PeriodRow("award_sue", "裁决起，可起诉", _REMEDY, _right_to_sue(RemedyKind.ARBITRATION), window=True, pausable=False),
    PeriodRow("confirm_apply", "调解协议达成起，可共同申请司法确认", _REMEDY | _COURT, _confirm_apply, window=True,
              pausable=False),
    PeriodRow("confirm_decide", "申请司法确认至裁定", _COURT, _court(CourtKind.CONFIRMATION, None), pausable=False),
    PeriodRow("enforce_demand", "催告起，期满仍不履行的可申请强制执行", frozenset({S.OBJECTION, S.REMEDY}), _demand, window=True,
              pausable=False),
    PeriodRow("enforce_apply", "救济期满起，可申请法院强制执行", _REMEDY, _enforce_apply, pausable=False),
    PeriodRow("enforce_accept", "申请强制执行至法院受理", _COURT, _court(CourtKind.ENFORCEMENT, False), pausable=False),
    PeriodRow("enforce_rule", "法院受理至裁定", _COURT, _court(CourtKind.ENFORCEMENT, True), pausable=False),
)

#: Periods that end when the answer has reached both parties; the earliest of those that run is the effective due.
TOTALS = frozenset({"inform_reply", "consult_reply", "self_total", "general_total", "major_total", "petition_total",
                    "registration_work", "labor_inspection", "host"})
_KEYS = frozenset(row.key for row in PERIODS)
WINDOWS = frozenset(row.key for row in PERIODS if row.window)


def running(case: CaseFile) -> dict[tuple[str, str], Run]:
    """Return every clock that runs for the case as it stands, by period and who owes.

    A period that a county's own rules add to the decision runs until the matter is answered, as a statutory one does.
    """
    runs = [Run(row.key, unit, since, pausable=row.pausable)
            for row in PERIODS if case.state in row.states for unit, since in row.owed(case)]
    if case.state in UNANSWERED:
        runs += [Run(d.key, case.accepting_unit, case.opened_at, due_at=d.due_at if d.key == "host" else None)
                 for d in case.decision.due if d.key not in _KEYS]
    runs += _feedback(case)
    return {(run.key, run.unit): run for run in runs}


def _feedback(case: CaseFile) -> Iterator[Run]:
    h = case.handling
    if case.state is S.INFORMED and h.referral and h.referral.feedback_due_on and not h.referral.feedback:
        yield Run("feedback", h.referral.to, due_on=h.referral.feedback_due_on)
    if h.submission and not h.minutes and case.state in UNANSWERED and h.track is Track.MAJOR:
        yield Run("feedback", OFFICE, due_on=h.submission.feedback_due_on)


def effects(before: CaseFile | None, after: CaseFile, by: By) -> tuple[ClockEffect, ...]:
    """Return the starts and stops between two moments of a case, stops first; a moment that was fixed anew starts again."""
    was, now = running(before) if before else {}, running(after)
    stops = [ClockEffect("stop", *clock, by.at) for clock, run in was.items() if _fixed(now.get(clock)) != _fixed(run)]
    starts = [ClockEffect("start", *clock, run.since or by.at, run.due_at, run.due_on)
              for clock, run in now.items() if _fixed(was.get(clock)) != _fixed(run)]
    return (*stops, *starts)


def _fixed(run: Run | None) -> object:
    return run and (run.key, run.due_at, run.due_on)


def pausing(case: CaseFile, by: By, do: Literal["pause", "resume"]) -> tuple[ClockEffect, ...]:
    """Return the pause or resumption of every running clock that 中止 may stop: never a statutory one or the host's."""
    return tuple(ClockEffect(do, key, unit, by.at, approver=by.actor.name, reason=by.why)
                 for (key, unit), run in running(case).items() if run.pausable)

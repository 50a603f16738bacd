"""The case file: all that is written down of one dispute, and how an act turns one file into the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, cast

from hsdispute_plugin.case.acts import ACTS, ActRow, Whose
from hsdispute_plugin.case.guards import DOC, Guard
from hsdispute_plugin.case.handling import Handling, TaskKind
from hsdispute_plugin.case.periods import ClockEffect, effects
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import (
    Archive,
    Danger,
    Designation,
    Dispatch,
    Dispute,
    FirstContact,
    Handover,
    PublicOpinion,
    Registration,
    Return,
    Review,
    Supervision,
    Supplement,
    Suspension,
    Urge,
)
from hsdispute_plugin.case.states import Actor, State
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import SHANGHAI, Alert, Decision

if TYPE_CHECKING:
    from hsdispute_plugin.case.life import Case

_YEAR = timedelta(days=366)  # what lies further off was mistyped


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal: which act, who, when, why, by which clause, from which state to which; no payer data.

    ``says`` is the sentence a clerk reads.
    """

    act: str
    who: Actor
    at: datetime
    why: str
    clause: str
    before: State
    after: State
    says: str


@dataclass(frozen=True, slots=True)
class PaperDue:
    """A paper that the act calls for: its 文种, and to whom it goes (unit code, 缴费人 …; empty: for the file)."""

    kind: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act gives: the case as it now is, what to write in the journal, what to do to its clocks, which papers.

    ``tell``: who is to be told. ``others``: what the same act does to another case (并案).
    """

    case: Case
    journal: tuple[JournalEntry, ...]
    clocks: tuple[ClockEffect, ...]
    papers: tuple[PaperDue, ...] = ()
    tell: tuple[str, ...] = ()
    others: tuple[Outcome, ...] = ()


@dataclass(frozen=True, repr=False)
class CaseFile:
    """All fields of a case; the acts are methods of ``Case``.

    ``accepting_unit`` is 受理部门, ``gov_office`` until its ticket is 转办. ``handling`` is the round in progress,
    ``past`` are earlier rounds. ``origin``: the state to which an answer from above leads back.
    """

    number: str
    platform: str
    ticket_no: str
    state: State
    first_contact: FirstContact
    decision: Decision
    opened_at: datetime
    accepting_unit: str
    handling: Handling
    past: tuple[Handling, ...] = ()
    handovers: tuple[Handover, ...] = ()
    registration: Registration | None = None
    registrar: str = ""
    supplement: Supplement | None = None
    reviewed: Review | None = None
    dispatched: Dispatch | None = None
    returns: tuple[Return, ...] = ()
    dispute: Dispute | None = None
    designations: tuple[Designation, ...] = ()
    origin: State | None = None
    suspensions: tuple[Suspension, ...] = ()
    urges: tuple[Urge, ...] = ()
    supervisions: tuple[Supervision, ...] = ()
    public_opinion: PublicOpinion | None = None
    danger: Danger | None = None
    recused: tuple[str, ...] = ()
    confidential: bool = False
    merged_into: str = ""
    absorbed: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()

    def __repr__(self) -> str:
        return f"Case({self.number!r}, {self.state.label}, ***)"

    @property
    def suspended(self) -> bool:
        """Tell whether the case is 中止 now."""
        return bool(self.suspensions) and self.suspensions[-1].until is None

    @property
    def awaits_supplement(self) -> bool:
        """Tell whether the payer was asked for missing items and the case is not registered since."""
        return self.supplement is not None and self.supplement.answered_at is None

    def handling_duties(self) -> tuple[str, ...]:
        """Name what is still owed in this round, in Chinese."""
        h = self.handling
        kinds = {TaskKind.JOINT: "联办意见", TaskKind.SPECIAL: "专案书面意见"}
        found = [f"{kinds[t.kind]}未了：{t.unit}" for t in h.open_tasks()]
        if h.referral and h.referral.feedback_due_on and not h.referral.feedback:
            found.append(f"承办反馈未到：{h.referral.to}")
        found += [f"上级未批复：{e.upper}" for e in h.escalations if not e.answer]
        found += [f"{r.kind}未有结果：{r.organ}" for r in h.remedies if not r.ended_at]
        found += [f"法院{m.kind}未有结果" for m in h.court if not m.ended_at]
        return tuple(found)

    def alarms(self) -> tuple[Alert, ...]:
        """Return the rules' 通报 that still hold: those that came with danger or public opinion end when it was dealt with."""
        danger, opinion = self.danger, self.public_opinion
        ended = {"police110": danger and danger.settled_at, "cyber": opinion and opinion.closed_at}
        over = {a.rule for a in self.decision.alerts if ended.get(a.key)}
        return tuple(a for a in self.decision.alerts if a.rule not in over)

    def side_duties(self) -> tuple[str, ...]:
        """Name the danger, public opinion and supervisions that are not yet dealt with, in Chinese."""
        found = ["险情未处置"] if self.danger and not self.danger.settled_at else []
        found += ["舆情未处置"] if self.public_opinion and not self.public_opinion.closed_at else []
        found += [f"督办未答复：{s.unit}" for s in self.supervisions if not s.answer]
        return tuple(found)

    def open_duties(self) -> tuple[str, ...]:
        """Name everything that keeps the case from the archive, in Chinese."""
        return (*self.handling_duties(), *self.side_duties(), *(("案件中止未恢复",) if self.suspended else ()))

    def why_not(self, act: str, by: By) -> str:
        """Say in Chinese why this actor may not do an act now, with mend and clause; empty: the act is open.

        What the act still needs from its form (texts, dates, units) is only seen when it is done.
        """
        row = ACTS[act]
        if self.state not in row.sources:
            wanted = "、".join(s.label for s in State if s in row.sources)
            return self._sentence(row, f"案件现在是“{self.state.label}”", f"这一步只在 {wanted} 时办理")
        if self.suspended and not row.suspended:
            return self._sentence(row, "案件正在中止", "请先恢复办理")
        if by.actor.name in self.recused:
            return self._sentence(row, "本人已回避", "请换人办理", DOC + "二（二）「公平公正」")
        if by.actor.role not in row.leaders:
            if by.actor.role not in row.roles:
                may = "、".join(r.label for r in (*row.roles, *row.leaders))
                return self._sentence(row, f"{by.actor.role.label}不办这一步", f"由 {may} 办理")
            if row.whose is Whose.ACCEPTING and by.actor.unit != self.accepting_unit:
                return self._sentence(row, "不是受理部门的人", f"请由受理部门（{self.accepting_unit}）办理")
        failed = next((g for g in row.guards if not g.holds(self, by)), None)
        return self._unmet(row, failed) if failed else ""

    def _may(self, act: str, by: By, **texts: object) -> ActRow:
        """Let an act begin: state, role, unit, guards, reason and every text of its form that must not be blank.

        Raises:
            CaseRefused: One sentence with mend and clause.
        """
        row = ACTS[act]
        if refusal := self.why_not(act, by):
            raise CaseRefused(refusal)
        if row.why and not by.why.strip():
            self._refuse(row, "没有写理由", "请写明理由，理由要入案卷")
        blank = [name for name, value in texts.items() if not value or (isinstance(value, str) and not value.strip())]
        if blank:
            self._refuse(row, f"没有写 {'、'.join(blank)}", "请一次补齐")
        return row

    def _sentence(self, row: ActRow, what: str, mend: str, clause: str = "") -> str:
        return f"{self.number} 不能“{row.label}”：{what}。{mend}。依据：{clause or row.clause}"

    def _unmet(self, row: ActRow, guard: Guard) -> str:
        return self._sentence(row, f"须{guard.says}", guard.mend, guard.clause)

    def _refuse(self, row: ActRow, what: str, mend: str, clause: str = "") -> NoReturn:
        raise CaseRefused(self._sentence(row, what, mend, clause))

    def _ahead(self, row: ActRow, by: By, on: date | None) -> None:
        """Refuse a day of feedback that is not to come, or more than a year off."""
        today = by.at.astimezone(SHANGHAI).date()
        if on and not today < on <= today + _YEAR:
            what = "不晚于今天" if on <= today else "在一年以后"
            self._refuse(row, f"反馈日期 {on} {what}", "请核对年月日，写今天以后、一年以内的日期", DOC + "附件备注")

    def _been(self, row: ActRow, by: By, name: str, at: datetime | None) -> None:
        """Refuse the time of something done that is after today, or more than a year before the case came."""
        today = by.at.astimezone(SHANGHAI).date()
        first = min(today, self.opened_at.astimezone(SHANGHAI).date()) - _YEAR
        if at and not first <= at.date() <= today:
            what = "晚于今天" if at.date() > today else "比收到时早一年以上"
            self._refuse(row, f"{name} {at.date()} {what}", "请核对年月日，写实际的时间")

    def _round(self, **changes: Any) -> Handling:
        return replace(self.handling, **changes)

    def _done(
        self, row: ActRow, by: By, says: str, *, to: State | None = None, papers: Iterable[tuple[str, str]] | None = None,
        clause: str = "", clocks: tuple[ClockEffect, ...] = (), **changes: Any,
    ) -> Outcome:
        """Turn the file into the next one; ``papers`` (文种, to whom) replaces those of the table."""
        state = to or self.state
        assert state in row.targets or (state is self.state and not row.targets) or state is self.state in row.targets
        after = cast("Case", replace(self, state=state, **changes))
        entry = JournalEntry(row.code, by.actor, by.at, by.why, clause or row.clause, self.state, state, says)
        due = tuple(PaperDue(kind, to) for kind, to in papers) if papers is not None else tuple(map(PaperDue, row.papers))
        return Outcome(after, (entry,), (*effects(self, after, by), *clocks), due, row.tell)

"""救济、法院、提级 (四（四）；三（二）县法院；五（三）): remedies and their results, court matters, reports upward."""

from __future__ import annotations

from dataclasses import replace

from hsdispute_plugin.case.file import CaseFile, Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import CourtKind, CourtMatter, Escalation, Remedy, RemedyKind
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.states import State

_WINDOW = {RemedyKind.REVIEW: "review_apply", RemedyKind.LITIGATION: "sue_apply", RemedyKind.ARBITRATION: "arbitration_apply"}


class RemedyActs(CaseFile):
    """What happens outside the county's own handling, registered so that the case ends only with its result."""

    def apply_remedy(self, by: By, kind: RemedyKind, organ: str) -> Outcome:
        """登记救济申请: a remedy that was really applied for; one of each kind at a time."""
        row = self._may("apply_remedy", by, 受理机关=organ)
        if any(r.kind is kind and not r.ended_at for r in self.handling.remedies):
            self._refuse(row, f"{kind}已登记、尚无结果", "请先登记结果")
        remedies = (*self.handling.remedies, Remedy(kind, organ, by.at))
        return self._done(row, by, f"缴费人申请{kind}", handling=self._round(remedies=remedies, no_remedy_at=None))

    def end_remedy(self, by: By, kind: RemedyKind, result: str, *, agreement: bool = False) -> Outcome:
        """登记救济结果; ``agreement``: mediation reached one, and a court may confirm it within 30 days (人民调解法 33)."""
        row = self._may("end_remedy", by, 结果=result)
        pending = next((r for r in self.handling.remedies if r.kind is kind and not r.ended_at), None)
        if pending is None:
            self._refuse(row, f"没有在办的{kind}", "请先登记申请")
        if agreement and kind is not RemedyKind.MEDIATION:
            self._refuse(row, "只有调解达成协议", "请登记决定、裁决或判决的结果", "人民调解法 第三十三条")
        ended = replace(pending, result=result, ended_at=by.at, agreement=agreement)
        remedies = tuple(ended if r is pending else r for r in self.handling.remedies)
        return self._done(row, by, f"{kind}有结果", handling=self._round(remedies=remedies))

    def note_no_remedy(self, by: By) -> Outcome:
        """法定期限内未申请救济: only after every period that was told to the payer has run out."""
        row = self._may("note_no_remedy", by)
        told = self.handling.objection.routes if self.handling.objection else ()
        applied = {r.kind for r in self.handling.remedies}
        running = [k for k in told if k in _WINDOW and k not in applied and _WINDOW[k] not in by.lapsed]
        if running:
            self._refuse(row, f"{'、'.join(running)}的法定期限未满", "请等期满")
        return self._done(row, by, "法定期限内未再申请救济", handling=self._round(no_remedy_at=by.at))

    def demand_payment(self, by: By) -> Outcome:
        """催告 before enforcement, by the collector. Clause: 行政强制法 54."""
        row = self._may("demand_payment", by)
        return self._done(row, by, "催告当事人履行缴费义务", handling=self._round(demanded_at=by.at))

    def apply_court(self, by: By, kind: CourtKind, document: str) -> Outcome:
        """申请法院: confirm a mediation agreement, or enforce premiums owed after a 催告 of ten working days.

        Clause: 三（二）县法院「调解协议司法确认、追缴社会保险费的强制执行」.
        """
        row = self._may("apply_court", by, 申请书=document)
        h = self.handling
        if any(m.kind is kind and not m.ended_at for m in h.court):
            self._refuse(row, f"{kind}已申请、尚无结果", "请登记法院进展")
        if kind is CourtKind.CONFIRMATION and not any(r.agreement for r in h.remedies):
            self._refuse(row, "没有调解协议", "司法确认以调解协议为前提", "人民调解法 第三十三条")
        if kind is CourtKind.ENFORCEMENT:
            if by.actor.unit != "tax":
                self._refuse(row, "强制执行由征收机构申请", "请移税务局", DOC + "三（二）县法院")
            if h.demanded_at is None or (not h.court and "enforce_demand" not in by.lapsed):
                self._refuse(row, "没有催告，或催告未满十个工作日", "请先催告并等期满", "行政强制法 第五十四条、第六十九条")
            if any(not r.ended_at for r in h.remedies):
                self._refuse(row, "救济还没有结果", "请等复议或诉讼有结果", "行政强制法 第五十三条")
        matter = CourtMatter(kind, document, by.at)
        return self._done(row, by, f"向法院申请{kind}", to=State.ENFORCEMENT, handling=self._round(court=(*h.court, matter)))

    def record_court(self, by: By, kind: CourtKind, *, accepted: bool = False, result: str = "") -> Outcome:
        """登记法院进展: the court accepted, or gave its result."""
        row = self._may("record_court", by)
        if by.actor.unit not in ("court", self.accepting_unit):
            self._refuse(row, "不是法院或受理部门的人", "请由法院联络员或受理部门登记")
        pending = next((m for m in self.handling.court if m.kind is kind and not m.ended_at), None)
        if pending is None:
            self._refuse(row, f"没有在办的{kind}", "请先登记申请")
        if not accepted and not result.strip():
            self._refuse(row, "没有写受理或结果", "请写明法院已受理，或裁定的结果")
        changed = replace(pending, accepted_at=pending.accepted_at or (by.at if accepted else None), result=result,
                          ended_at=by.at if result.strip() else None)
        court = tuple(changed if m is pending else m for m in self.handling.court)
        says = f"法院{kind}有结果" if changed.ended_at else f"法院受理{kind}"
        return self._done(row, by, says, handling=self._round(court=court))

    def escalate(self, by: By, upper: str) -> Outcome:
        """提级上报: each line unit reports to its own upper organ; the county case waits and stays linked.

        Clause: 五（三）「需要提级解决的案件，要及时分部门上报情况」.
        """
        row = self._may("escalate", by, 上级单位=upper)
        if by.actor.unit not in by.policy.members:
            self._refuse(row, f"{by.actor.unit} 不是专班成员单位", "由成员单位分别上报")
        if any(e.unit == by.actor.unit and not e.answer for e in self.handling.escalations):
            self._refuse(row, "本单位已上报、尚未批复", "请等上级批复")
        reports = (*self.handling.escalations, Escalation(by.actor.unit, upper, by.at, by.why))
        origin = self.origin if self.state is State.ESCALATED else self.state
        return self._done(row, by, f"{by.actor.unit} 上报 {upper}", to=State.ESCALATED, origin=origin,
                          handling=self._round(escalations=reports))

    def record_upper_answer(self, by: By, upper: str, answer: str) -> Outcome:
        """登记上级批复; when all have answered the case goes on where it stood."""
        row = self._may("record_upper_answer", by, 批复=answer)
        pending = next((e for e in self.handling.escalations if e.upper == upper and not e.answer), None)
        if pending is None:
            self._refuse(row, f"没有报 {upper} 的未批复事项", "请核对上级单位")
        reports = tuple(replace(e, answer=answer) if e is pending else e for e in self.handling.escalations)
        back = all(e.answer for e in reports)
        return self._done(row, by, f"{upper} 已批复", to=self.origin if back else State.ESCALATED,
                          origin=None if back else self.origin,
                          handling=self._round(escalations=reports))

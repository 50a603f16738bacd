"""分类流转 (四（一）②、四（二）): told elsewhere, not accepted, merged, classified, duty disputed and designated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from hsdispute_plugin.case.file import CaseFile, Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import Handling, Task, TaskKind, TaskState
from hsdispute_plugin.case.labels import TRACK_LABELS
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import (
    ClassDecision,
    DeclineGround,
    Designation,
    Dispatch,
    Dispute,
    Feedback,
    Referral,
    Refusal,
)
from hsdispute_plugin.case.states import State
from hsdispute_plugin.model import Matter, Track

if TYPE_CHECKING:
    from hsdispute_plugin.case.acts import ActRow
    from hsdispute_plugin.case.life import Case

_FIRST_STATE = {Track.SINGLE: State.SOLE, Track.JOINT: State.JOINT_DISPATCH, Track.MAJOR: State.SUBMISSION}


class TriageActs(CaseFile):
    """From a reviewed registration to the track on which the matter is handled, or to its early end."""

    def inform(
        self, by: By, to: str, address: str, phone: str, materials: str, told_by: str, *, written: bool = False,
        feedback_due_on: date | None = None,
    ) -> Outcome:
        """告知移送: unit, address, phone and papers needed, told at once; 投诉、举报 are transferred in writing as well.

        With ``feedback_due_on`` the receiving unit owes us the result by that day (附件备注).

        Clause: 四（一）「应告知缴费人前往相关职能部门办理」；社会保险法 82「书面通知并移交」.
        """
        row = self._may("inform", by, 接收单位=to, 地址=address, 电话=phone, 所需材料=materials, 告知方式=told_by)
        if to == self.accepting_unit:
            self._refuse(row, "接收单位就是本单位", "属于本单位职责的请分类办理", DOC + "四（一）")
        if self.decision.ticket_type in ("complaint", "report") and not written:
            self._refuse(row, "投诉、举报不能只口头告知", "请书面通知缴费人并移交有权处理的部门", "社会保险法 第八十二条")
        self._ahead(row, by, feedback_due_on)
        referral = Referral(to, address, phone, materials, told_by, written, by.at, by.actor, feedback_due_on)
        papers = [("告知单", "缴费人"), *([("移送函", to)] if written else [])]
        return self._done(row, by, f"告知缴费人前往 {to}{'，并书面移送' if written else ''}", to=State.INFORMED, papers=papers,
                          handling=self._round(referral=referral))

    def record_feedback(self, by: By, text: str) -> Outcome:
        """登记承办反馈: the receiving unit told us the result. Clause: 附件备注."""
        row = self._may("record_feedback", by, 办理情况=text)
        assert self.handling.referral
        referral = replace(self.handling.referral, feedback=Feedback(text, by.at, by.actor))
        return self._done(row, by, f"{referral.to} 已反馈办理情况", handling=self._round(referral=referral))

    def take_back(self, by: By) -> Outcome:
        """移送被退回: the receiving unit refused; the matter is sorted again in a new round."""
        row = self._may("take_back", by)
        return self._done(row, by, "移送被退回，重新分流", to=State.TRIAGE, **self._new_round(by))

    def decline(self, by: By, ground: DeclineGround, route: str) -> Outcome:
        """不予受理, only by a person, on a ground of the list, naming the legal way that is open."""
        row = self._may("decline", by, 法定途径=route)
        return self._done(row, by, f"不予受理：{ground}", to=State.NOT_ACCEPTED,
                          handling=self._round(refusal=Refusal(ground, route, by.why, by.at, by.actor)))

    def merge(self, by: By, parent: Case) -> Outcome:
        """并案 into a case that is still unanswered; the parent's side of the act is in ``others``."""
        row = self._may("merge", by)
        if parent.number == self.number or parent.merged_into:
            self._refuse(row, f"{parent.number} 不能作为主案", "请选同一缴费人、同一事项、仍在办理的案件")
        other = parent.absorb(by, self.number)
        mine = self._done(row, by, f"并入 {parent.number}", to=State.MERGED, merged_into=parent.number)
        return replace(mine, others=(other,))

    def absorb(self, by: By, child: str) -> Outcome:
        """Take in another case of the same matter; called by ``merge``."""
        row = self._may("absorb", by, 并入案号=child)
        return self._done(row, by, f"{child} 并入本案", absorbed=(*self.absorbed, child))

    def classify(self, by: By, track: Track, co_units: tuple[str, ...] = (), *, policy_issue: bool | None = None) -> Outcome:
        """分类: a person decides 单办, 联办 or 重大疑难; another choice than the rules suggest needs a reason.

        ``co_units`` are the units besides the accepting one, which stays the lead (四（三）1（2）). A matter of policy that
        concerns several units always goes to the leading group: ``policy_issue`` ``None`` takes what the rules found,
        and denying their finding needs a reason.

        Clause: 四（二）.
        """
        row = self._may("classify", by)
        found = "policy_wide" in self.decision.signals and self.decision.matter is Matter.MAJOR
        policy_issue = found if policy_issue is None else policy_issue
        if (track is not self.decision.track or (found and not policy_issue)) and not by.why.strip():
            self._refuse(row, f"与系统建议“{TRACK_LABELS[self.decision.track]}”不同，没有写理由", "请写明理由，理由要入案卷")
        if policy_issue and track is not Track.MAJOR:
            self._refuse(row, "涉及多部门的政策性、普遍性、倾向性问题应通过专班会商",
                         "请按重大疑难报送，或写明不属于此类问题的理由")
        if self.handling.track is Track.MAJOR and track is not Track.MAJOR:
            self._refuse(row, "已定为重大疑难", "降级由专班主任决定", DOC + "四（三）2（2）")
        units = self._co_units(row, by, track, co_units)
        return self._done(row, by, f"分类为{TRACK_LABELS[track]}", to=_FIRST_STATE[track],
                          handling=self._classified(by, track, units, policy_issue))

    def dispute_duty(self, by: By) -> Outcome:
        """职责争议: nobody takes the duty; the office of the leading group consults and designates."""
        row = self._may("dispute_duty", by)
        return self._done(row, by, "提出职责争议", to=State.DUTY_DISPUTED, dispute=Dispute(self.state, by.at, by.actor, by.why))

    def designate(self, by: By, unit: str, track: Track | None = None, co_units: tuple[str, ...] = ()) -> Outcome:
        """指定承办 after a consultation, or by the director; the unit may not return the matter again.

        Before registration the ticket goes to the unit to be signed; after review ``track`` is decided as well; in 联办
        the unit gets (back) its task and other returned tasks are released.
        """
        row = self._may("designate", by, 承办单位=unit)
        assert self.dispute
        designated: dict[str, Any] = {"designations": (*self.designations, Designation(unit, by.at, by.actor, by.why)),
                                      "dispute": None}
        if self.dispute.origin in (State.JOINT_OPINIONS, State.JOINT_MEETING):
            if unit not in by.policy.members:
                self._refuse(row, f"{unit} 不是专班成员单位", "请从成员单位中指定", DOC + "三（一）")
            return self._done(row, by, f"指定 {unit} 承办", to=self.dispute.origin, handling=self._reassigned(by, unit),
                              **designated)
        if unit not in by.policy.leads:
            self._refuse(row, f"{unit} 不能主办", f"请指定 {'、'.join(by.policy.leads)} 之一；部门职责不交乡镇",
                         "国办函〔2025〕66号（五）")
        if self.dispute.origin is State.NEW:
            return self._done(row, by, f"指定 {unit} 承办", to=State.NEW, accepting_unit=unit,
                              dispatched=Dispatch(unit, by.at, by.actor), **designated)
        if track is None:
            self._refuse(row, "没有写办理方式", "请一并定为单办、联办或重大疑难")
        if self.handling.track is Track.MAJOR and track is not Track.MAJOR:
            self._refuse(row, "已定为重大疑难", "降级由专班主任决定", DOC + "四（三）2（2）")
        units = self._co_units(row, by, track, co_units, lead=unit)
        return self._done(row, by, f"指定 {unit} 承办，{TRACK_LABELS[track]}", to=_FIRST_STATE[track], accepting_unit=unit,
                          handling=self._classified(by, track, units, self.handling.policy_issue), **designated)

    def _co_units(self, row: ActRow, by: By, track: Track, co_units: tuple[str, ...], lead: str = "") -> tuple[str, ...]:
        lead = lead or self.accepting_unit
        units = tuple(dict.fromkeys(u for u in co_units if u != lead))
        if track is Track.INFORM:
            self._refuse(row, "告知移送不在这里办", "请用告知移送")
        if unknown := [u for u in units if u not in by.policy.members]:
            self._refuse(row, f"{'、'.join(unknown)} 不是专班成员单位", "非成员单位请发函邀请", DOC + "三（一）")
        if track is Track.JOINT and not units:
            self._refuse(row, "联办没有联办单位", "两个及以上部门才是联办；只有本单位的请单办", DOC + "四（三）1")
        if track is Track.SINGLE and units:
            self._refuse(row, "单办写了联办单位", "涉及其他部门的请联办", DOC + "四（三）1")
        return units if track is Track.JOINT else ()

    def _classified(self, by: By, track: Track, units: tuple[str, ...], policy_issue: bool) -> Handling:
        decided = ClassDecision(self.handling.track, track, policy_issue, by.why, by.at, by.actor)
        return self._round(track=track, policy_issue=policy_issue, co_units=units, classes=(*self.handling.classes, decided))

    def _reassigned(self, by: By, unit: str) -> Handling:
        tasks = []
        for task in self.handling.tasks:
            if task.state is TaskState.RETURNED:
                own = task.unit == unit
                task = replace(task, state=TaskState.OPEN if own else TaskState.RELEASED, why=by.why)
            tasks.append(task)
        if unit != self.accepting_unit and not any(t.unit == unit and t.open for t in tasks):
            tasks.append(Task(TaskKind.JOINT, unit, by.at))
        return self._round(tasks=tuple(tasks))

    def _new_round(self, by: By) -> dict[str, Any]:
        h = self.handling  # 重大疑难 outlives the round: only the director lowers it
        kept = (h.track, h.policy_issue) if h.track is Track.MAJOR else (None, False)
        return {"past": (*self.past, h), "handling": Handling(by.at, *kept), "origin": None}

"""重大疑难事项专案 (四（二）；四（三）2、3): upgrade, submission, approval, eight opinions, special meeting, minutes."""

from __future__ import annotations

from dataclasses import replace

from hsdispute_plugin.case.acts import ActRow
from hsdispute_plugin.case.file import Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import (
    Approval,
    Consultation,
    Disapproval,
    Endorsement,
    Minutes,
    Opinion,
    Submission,
    Task,
    TaskKind,
    TaskState,
)
from hsdispute_plugin.case.joint import JointActs, meeting_gaps
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.states import Role, State
from hsdispute_plugin.case.triage import TriageActs
from hsdispute_plugin.model import Track


class SpecialActs(TriageActs, JointActs):
    """From the submission of a major matter to the signed minutes of the leading group."""

    def widen(self, by: By, co_units: tuple[str, ...]) -> Outcome:
        """转为联办: a matter of one unit turns out to be a matter of several."""
        row = self._may("widen", by)
        units = self._co_units(row, by, Track.JOINT, co_units)
        h = replace(self._classified(by, Track.JOINT, units, policy_issue=False), combined=None)
        return self._done(row, by, "转为联办", to=State.JOINT_DISPATCH, handling=h)

    def upgrade(self, by: By) -> Outcome:
        """升级为重大疑难 at any time before the reply, with a reason.

        Open 联办 tasks end, since all eight units are asked anew.
        """
        row = self._may("upgrade", by)
        h = self._classified(by, Track.MAJOR, (), self.handling.policy_issue)
        h = replace(h, tasks=self._superseded("升级为重大疑难，转专案办理"), combined=None, meeting_called_at=None)
        return self._done(row, by, "升级为重大疑难", to=State.SUBMISSION, handling=h)

    def submit(self, by: By, form: Submission) -> Outcome:
        """报送专班办公室 with the form of the annex; its number, summary, opinion, phone and feedback date are all demanded.

        Clause: 四（三）2（2）；附件.
        """
        row = self._may("submit", by, 报送编号=form.submission_no, 反映内容摘要=form.summary, 报送意见=form.opinion,
                        电话=form.contact_phone)
        self._ahead(row, by, form.feedback_due_on)
        h = self._round(submission=form, endorsement=None, approval=None, meeting_approval=None, minutes=None)
        return self._done(row, by, f"报送 {form.submission_no}", to=State.AT_OFFICE, handling=h)

    def return_submission(self, by: By) -> Outcome:
        """退回补材料: the office names everything that is missing in ``why``."""
        return self._done(self._may("return_submission", by), by, "退回补材料", to=State.SUBMISSION)

    def forward(self, by: By) -> Outcome:
        """报请主任 with the office's opinion in ``why``."""
        row = self._may("forward", by)
        return self._done(row, by, "报请专班主任审批", to=State.AT_DIRECTOR,
                          handling=self._round(endorsement=Endorsement(by.why, by.at, by.actor)))

    def approve_special(self, by: By, *, meeting: bool = False, authorisation: str = "") -> Outcome:
        """主任同意: the case is special and all eight units are asked; ``meeting``: the special meeting is agreed to as well.

        A deputy signs only where the setting allows it and with an uploaded 授权.

        Clause: 四（三）2（2）「经专班主任同意后，会同政府办、人民法院……网信办采取专案处理」.
        """
        row = self._may("approve_special", by)
        approval = self._approval(row, by, authorisation)
        members = by.policy.members
        tasks = (*self.handling.tasks, *(Task(TaskKind.SPECIAL, unit, by.at) for unit in members))
        papers = [("专案审批表", ""), *(("联办通知", unit) for unit in members)]
        h = self._round(approval=approval, meeting_approval=approval if meeting else None, tasks=tasks)
        return self._done(row, by, "主任同意专案办理" + ("和专题会议" if meeting else ""), to=State.SPECIAL_OPINIONS,
                          papers=papers, handling=h)

    def refuse_special(self, by: By, *, as_general: bool) -> Outcome:
        """主任不同意, with reason: ``as_general`` handle it as a general matter, else sort and submit it again (补材料)."""
        row = self._may("refuse_special", by)
        h = self.handling
        assert h.submission
        said = Disapproval(h.submission, as_general, by.why, by.at, by.actor)
        h = replace(h, submission=None, disapprovals=(*h.disapprovals, said))
        h = replace(h, track=None, policy_issue=False) if as_general else h
        return self._done(row, by, "主任不同意专案，" + ("转一般事项" if as_general else "补材料后再报"), to=State.TRIAGE,
                          handling=h)

    def downgrade(self, by: By) -> Outcome:
        """降为一般事项 by the director, with reason: open special tasks end and the matter is classified again."""
        row = self._may("downgrade", by)
        h = self._round(track=None, policy_issue=False, tasks=self._superseded("降为一般事项"), submission=None, approval=None,
                        meeting_approval=None, meeting_called_at=None)
        return self._done(row, by, "降为一般事项", to=State.TRIAGE, handling=h)

    def opine_special(self, by: By, view: str, signer: str, facts: str = "", basis: str = "", *,
                      concerned: bool = True) -> Outcome:
        """专案书面意见 of each of the eight units; 不涉及 (``concerned`` false) is an answer too, silence is none.

        Clause: 四（三）2（3）「在规定时限内提供书面审批意见」.
        """
        needed = {"查明事实": facts, "依据": basis} if concerned else {}
        row = self._may("opine_special", by, 意见=view, 签字人=signer, **needed)
        opinion = Opinion(facts, view, basis, signer, by.at, concerned)
        task = next(t for t in self.handling.open_tasks(TaskKind.SPECIAL) if t.unit == by.actor.unit)
        says = f"{by.actor.unit} 出具书面意见" + ("" if concerned else "：不涉及")
        return self._done(row, by, says, papers=[("专案审批意见", "office")],
                          handling=self._with(task, state=TaskState.DONE, opinion=opinion))

    def override_special(self, by: By, unit: str) -> Outcome:
        """主任决定不再等待意见 of one unit, with reason."""
        row = self._may("override_special", by, 成员单位=unit)
        task = self.handling.task_of(TaskKind.SPECIAL, unit)
        if task is None or not task.open:
            self._refuse(row, f"{unit} 没有未交的意见", "请看哪些单位未答")
        return self._done(row, by, f"主任决定不再等待 {unit} 的意见",
                          handling=self._with(task, state=TaskState.OVERRIDDEN, why=by.why))

    def approve_meeting(self, by: By, *, authorisation: str = "") -> Outcome:
        """主任同意专题会议. Clause: 四（三）3「重大事项会商，经专班主任同意后」."""
        row = self._may("approve_meeting", by)
        return self._done(row, by, "主任同意召开专题会议",
                          handling=self._round(meeting_approval=self._approval(row, by, authorisation)))

    def call_special_meeting(self, by: By) -> Outcome:
        """召开专题会议; opinions still missing stay owed."""
        row = self._may("call_special_meeting", by)
        return self._done(row, by, "召开专题会议", to=State.SPECIAL_MEETING, handling=self._round(meeting_called_at=by.at))

    def adjourn(self, by: By, units: tuple[str, ...]) -> Outcome:
        """休会补充意见: the meeting asks some units for an opinion again; it needs no second approval."""
        units = tuple(dict.fromkeys(units))
        row = self._may("adjourn", by, 成员单位=units)
        if strangers := [u for u in units if u not in by.policy.members]:
            self._refuse(row, f"{'、'.join(strangers)} 不是专班成员单位", "请从成员单位中选", DOC + "三（一）")
        owing = {t.unit for t in self.handling.open_tasks(TaskKind.SPECIAL)}
        again = tuple(Task(TaskKind.SPECIAL, unit, by.at) for unit in units if unit not in owing)
        return self._done(row, by, f"休会，请 {'、'.join(units)} 补充意见", to=State.SPECIAL_OPINIONS,
                          handling=self._round(tasks=(*self.handling.tasks, *again)))

    def record_special_meeting(self, by: By, meeting: Consultation) -> Outcome:
        """登记专题会议: time, place, chair, present, absent, agenda, decisions, dissent. Every unit has answered before.

        Clause: 四（三）2（3）「经专班会商后形成会议纪要」.
        """
        row = self._may("record_special_meeting", by)
        if not meeting.special:
            self._refuse(row, "这里登记的是专题会议", "一般会商另行登记")
        if gaps := meeting_gaps(meeting):
            self._refuse(row, f"会商记录缺 {'、'.join(gaps)}", "请补齐")
        self._been(row, by, "会议时间", meeting.held_at)
        return self._done(row, by, "登记专题会议", to=State.MINUTES,
                          handling=self._round(meeting_called_at=None, consultations=(*self.handling.consultations, meeting)))

    def sign_minutes(self, by: By, minutes_no: str, text: str, *, authorisation: str = "") -> Outcome:
        """签发会议纪要: without minutes there is no reply in a special case."""
        row = self._may("sign_minutes", by, 纪要编号=minutes_no, 纪要=text)
        self._approval(row, by, authorisation)
        return self._done(row, by, f"签发会议纪要 {minutes_no}", to=State.DRAFTING,
                          handling=self._round(minutes=Minutes(minutes_no, text, by.at, by.actor)))

    def _approval(self, row: ActRow, by: By, authorisation: str) -> Approval:
        if by.actor.role is Role.DEPUTY and not authorisation.strip():
            self._refuse(row, "副主任代行没有授权书", "请上传主任的授权", DOC + "三（一）")
        return Approval(by.actor, by.at, by.why, authorisation)

"""Beside the main course: 延期、中止、催办、督办、撤回、舆情、险情、回避、保密."""

from __future__ import annotations

from dataclasses import replace

from hsdispute_plugin.case.file import Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import Extension
from hsdispute_plugin.case.joint import JointActs
from hsdispute_plugin.case.periods import ClockEffect, pausing, total_key
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import Danger, PublicOpinion, SuperviseGround, Supervision, Suspension, Urge, Withdrawal
from hsdispute_plugin.case.states import Role, State
from hsdispute_plugin.model import Track


class SideActs(JointActs):
    """Acts that leave the case where it stands, and the withdrawal that ends it."""

    def extend(self, by: By, workdays: int) -> Outcome:
        """延期 of the whole matter before it lapses, by the unit head (the director in special cases); the payer is told."""
        row = self._may("extend", by)
        key, most = total_key(self), by.policy.extension_workdays
        if not 1 <= workdays <= most:
            self._refuse(row, f"延期 {workdays} 个工作日不在 1 到 {most} 之间", "请改正",
                         "settings.yaml extension_workdays（县级自定）")
        if key in by.lapsed:
            self._refuse(row, "期限已过", "延期应在期满前提出；现在请尽快办结并说明原因")
        if self.handling.track is Track.MAJOR and by.actor.role is not Role.DIRECTOR:
            self._refuse(row, "重大疑难事项的延期由专班主任批准", "请报专班主任", DOC + "四（三）2（2）")
        moved = ClockEffect("extend", key, self.accepting_unit, by.at, workdays=workdays, approver=by.actor.name, reason=by.why)
        granted = Extension(workdays, by.at, by.actor, by.why)
        return self._done(row, by, f"延期 {workdays} 个工作日", clocks=(moved,),
                          handling=self._round(extensions=(*self.handling.extensions, granted)))

    def suspend(self, by: By, ground: str) -> Outcome:
        """中止 on a ground that law or the county names; statutory clocks and the host's go on."""
        row = self._may("suspend", by)
        if ground not in by.policy.suspend_grounds:
            self._refuse(row, f"“{ground}”不是中止事由", f"可用：{'、'.join(by.policy.suspend_grounds)}")
        return self._done(row, by, f"中止：{ground}", clocks=pausing(self, by, "pause"),
                          suspensions=(*self.suspensions, Suspension(ground, by.at, by.actor, by.why)))

    def resume(self, by: By) -> Outcome:
        """恢复办理: the clocks go on from where they stood."""
        row = self._may("resume", by)
        ended = (*self.suspensions[:-1], replace(self.suspensions[-1], until=by.at))
        return self._done(row, by, "恢复办理", clocks=pausing(self, by, "resume"), suspensions=ended)

    def urge(self, by: By, unit: str) -> Outcome:
        """催办 of one unit, also by the clock of the system."""
        row = self._may("urge", by, 被催单位=unit)
        if unit not in by.policy.members:
            self._refuse(row, "被催的不是专班成员单位", f"可用：{'、'.join(by.policy.members)}", DOC + "三（一）")
        return self._done(row, by, f"催办 {unit}", papers=[("催办通知", unit)],
                          urges=(*self.urges, Urge(unit, by.at, by.actor, by.why)))

    def supervise(self, by: By, unit: str, ground: SuperviseGround) -> Outcome:
        """督办 of one unit: the case is not archived before that unit has answered."""
        row = self._may("supervise", by)
        if unit not in by.policy.members:
            self._refuse(row, f"{unit} 不是专班成员单位", "督办对象应是成员单位", DOC + "三（一）")
        made = Supervision(unit, ground, by.at, by.actor, by.why)
        return self._done(row, by, f"督办 {unit}：{ground}", papers=[("督办通知", unit)], supervisions=(*self.supervisions, made))

    def answer_supervision(self, by: By, answer: str) -> Outcome:
        """答复督办 for one's own unit; answers all that is open against it."""
        row = self._may("answer_supervision", by, 答复=answer)
        done = tuple(replace(s, answer=answer) if s.unit == by.actor.unit and not s.answer else s for s in self.supervisions)
        return self._done(row, by, f"{by.actor.unit} 答复督办", supervisions=done)

    def withdraw(self, by: By, statement: str) -> Outcome:
        """撤回 by the payer: open tasks end, danger and public opinion do not. Clause: 二（二）."""
        row = self._may("withdraw", by, 撤回凭据=statement)
        tasks = self._superseded("缴费人撤回")
        suspensions = self.suspensions
        if self.suspended:
            suspensions = (*suspensions[:-1], replace(suspensions[-1], until=by.at))
        # A ticket that nobody took keeps its dispute: should the case be reopened, somebody must still be designated.
        dispute = self.dispute if self.dispute and self.dispute.origin is State.NEW else None
        answered = tuple(replace(e, answer="缴费人撤回") if not e.answer else e for e in self.handling.escalations)
        h = self._round(tasks=tasks, escalations=answered, withdrawal=Withdrawal(statement, by.at, by.actor))
        return self._done(row, by, "缴费人撤回", to=State.WITHDRAWN, suspensions=suspensions, dispute=dispute, handling=h)

    def raise_public_opinion(self, by: By) -> Outcome:
        """转网信办核查舆情. Clause: 三（二）县网信办「加强预警核查」."""
        row = self._may("raise_public_opinion", by)
        return self._done(row, by, "转网信办核查舆情", public_opinion=PublicOpinion(by.at))

    def advise_public_opinion(self, by: By, opinion: str) -> Outcome:
        """主办单位舆情意见, without which the cyber office may not close.

        Clause: 三（二）县网信办「依据税务、人社、医保等部门意见」.
        """
        row = self._may("advise_public_opinion", by, 意见=opinion)
        assert self.public_opinion
        return self._done(row, by, "主办单位出具舆情意见", public_opinion=replace(self.public_opinion, lead_opinion=opinion))

    def close_public_opinion(self, by: By, result: str) -> Outcome:
        """舆情处置完毕 by the cyber office."""
        row = self._may("close_public_opinion", by, 处置情况=result)
        assert self.public_opinion
        closed = replace(self.public_opinion, result=result, closed_at=by.at)
        return self._done(row, by, "舆情处置完毕", public_opinion=closed)

    def raise_danger(self, by: By) -> Outcome:
        """登记险情: words of harm to oneself or others; 110 and the leaders are told at once."""
        return self._done(self._may("raise_danger", by), by, "登记险情，立即联动110并报告", danger=Danger(by.at))

    def settle_danger(self, by: By, done: str) -> Outcome:
        """险情处置: what was done, with whom; words are never dismissed by the system alone."""
        row = self._may("settle_danger", by, 处置情况=done)
        assert self.danger
        return self._done(row, by, "险情已处置", danger=replace(self.danger, done=done, settled_at=by.at))

    def recuse(self, by: By, person: str) -> Outcome:
        """回避: a person concerned in the matter acts on it no more."""
        row = self._may("recuse", by, 回避人=person)
        return self._done(row, by, "有人回避", recused=tuple(dict.fromkeys((*self.recused, person))))

    def restrict(self, by: By) -> Outcome:
        """列为保密: shown only to those who handle it. Clause: 附件备注「严格保密，不得泄露缴费人信息」."""
        return self._done(self._may("restrict", by), by, "列为保密", confidential=True)

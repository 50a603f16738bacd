"""一般事项联办 (四（三）1、3): tasks of co-units, their opinions, general consultation, the combined opinion."""

from __future__ import annotations

from dataclasses import replace

from hsdispute_plugin.case.file import CaseFile, Outcome
from hsdispute_plugin.case.handling import CombinedOpinion, Consultation, Handling, Opinion, Task, TaskKind, TaskState
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.states import State


class JointActs(CaseFile):
    """One unit or several: from the dispatch of tasks to the combined opinion of the accepting unit."""

    def dispatch_tasks(self, by: By) -> Outcome:
        """派发联办: every co-unit gets its task; the accepting unit stays the lead. Clause: 四（三）1（2）."""
        row = self._may("dispatch_tasks", by)
        h = self.handling
        tasks = tuple(Task(TaskKind.JOINT, unit, by.at) for unit in h.co_units)
        return self._done(row, by, f"派发联办：{'、'.join(h.co_units)}", to=State.JOINT_OPINIONS,
                          papers=[("联办通知", unit) for unit in h.co_units], handling=self._round(tasks=(*h.tasks, *tasks)))

    def sign_task(self, by: By) -> Outcome:
        """签收任务 by the unit that owes it; signing again changes nothing."""
        row = self._may("sign_task", by)
        task = self._own_task(by)
        return self._done(row, by, f"{by.actor.unit} 签收任务", handling=self._with(task, signed_at=task.signed_at or by.at))

    def report_progress(self, by: By) -> Outcome:
        """报阶段性情况: a unit that cannot finish in time says why and how far it is; its task stays open."""
        row = self._may("report_progress", by)
        task = self._own_task(by)
        return self._done(row, by, f"{by.actor.unit} 报阶段性情况", handling=self._with(task, progress=(*task.progress, by.why)))

    def return_task(self, by: By) -> Outcome:
        """联办退单: the co-unit denies its duty; the lead agrees (``release_task``) or disputes it (``dispute_duty``)."""
        row = self._may("return_task", by)
        return self._done(row, by, f"{by.actor.unit} 退回联办任务",
                          handling=self._with(self._own_task(by), state=TaskState.RETURNED, why=by.why))

    def release_task(self, by: By, unit: str) -> Outcome:
        """同意退单: the lead agrees that the unit is not concerned."""
        row = self._may("release_task", by, 联办单位=unit)
        task = self.handling.task_of(TaskKind.JOINT, unit)
        if task is None or task.state is not TaskState.RETURNED:
            self._refuse(row, f"{unit} 没有退单", "只有退回的任务可以同意退单")
        return self._done(row, by, f"同意 {unit} 退单", handling=self._with(task, state=TaskState.RELEASED, why=by.why))

    def opine(self, by: By, facts: str, view: str, basis: str, signer: str) -> Outcome:
        """联办意见书: one written, signed opinion of each co-unit; a late one still counts.

        Clause: 四（三）1（3）「在规定时限内向受理单位提供书面意见」.
        """
        row = self._may("opine", by, 查明事实=facts, 处理意见=view, 依据=basis, 签字人=signer)
        opinion = Opinion(facts, view, basis, signer, by.at)
        task = self._own_task(by)
        return self._done(row, by, f"{by.actor.unit} 出具联办意见", papers=[("联办意见书", self.accepting_unit)],
                          handling=self._with(task, state=TaskState.DONE, opinion=opinion))

    def override_opinion(self, by: By, unit: str) -> Outcome:
        """不再等待意见: the lead goes on without one unit's opinion, and the reason stands in the file."""
        row = self._may("override_opinion", by, 联办单位=unit)
        task = self.handling.task_of(TaskKind.JOINT, unit)
        if task is None or not task.open:
            self._refuse(row, f"{unit} 没有未交的意见", "请看任务分给了哪些单位")
        return self._done(row, by, f"不再等待 {unit} 的意见", handling=self._with(task, state=TaskState.OVERRIDDEN, why=by.why))

    def call_meeting(self, by: By) -> Outcome:
        """召集一般会商. Clause: 四（三）3「不定期会商沟通」."""
        row = self._may("call_meeting", by)
        return self._done(row, by, "召集一般会商", to=State.JOINT_MEETING, handling=self._round(meeting_called_at=by.at))

    def record_meeting(self, by: By, meeting: Consultation) -> Outcome:
        """登记一般会商: needs no approval, may be held at any time; one on disputed duty lets the office designate."""
        row = self._may("record_meeting", by)
        if meeting.special:
            self._refuse(row, "专题会议不在这里登记", "重大事项会商须主任同意")
        if gaps := meeting_gaps(meeting):
            self._refuse(row, f"会商记录缺 {'、'.join(gaps)}", "请补齐")
        self._been(row, by, "会议时间", meeting.held_at)
        dispute = replace(self.dispute, consulted=True) if self.state is State.DUTY_DISPUTED and self.dispute else self.dispute
        h = self._round(meeting_called_at=None, consultations=(*self.handling.consultations, meeting))
        return self._done(row, by, "登记一般会商", dispute=dispute, handling=h)

    def combine(self, by: By, text: str, basis: str) -> Outcome:
        """总处理意见: the accepting unit combines all opinions; alone, it states its own.

        Clause: 四（三）1（3）「受理部门负责综合各联办单位的意见」.
        """
        row = self._may("combine", by, 总处理意见=text, 依据=basis)
        return self._done(row, by, "形成总处理意见", to=State.DRAFTING,
                          handling=self._round(combined=CombinedOpinion(text, basis, by.at, by.actor)))

    def _own_task(self, by: By) -> Task:
        return next(t for t in self.handling.tasks if t.unit == by.actor.unit and t.state is TaskState.OPEN)

    def _with(self, task: Task, **changes: object) -> Handling:
        changed = replace(task, **changes)  # type: ignore[arg-type]
        return self._round(tasks=tuple(changed if t is task else t for t in self.handling.tasks))

    def _superseded(self, why: str) -> tuple[Task, ...]:
        return tuple(replace(t, state=TaskState.SUPERSEDED, why=why) if t.open else t for t in self.handling.tasks)


def meeting_gaps(meeting: Consultation) -> tuple[str, ...]:
    """Name what a record of a consultation lacks."""
    wanted = {"地点": meeting.place, "主持": meeting.chair, "到会单位": meeting.present, "议题": meeting.agenda,
              "议定事项": meeting.decisions}
    return tuple(name for name, value in wanted.items() if not value)

"""What must hold before an act: each guard a sentence, its mend and its clause; the table of acts names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsdispute_plugin.case.handling import Answer, Side, TaskKind, TaskState
from hsdispute_plugin.case.states import Role, State
from hsdispute_plugin.model import Track

if TYPE_CHECKING:
    from hsdispute_plugin.case.file import CaseFile
    from hsdispute_plugin.case.policy import By

DOC = "合政办发〔2025〕30号 "


@dataclass(frozen=True, slots=True)
class Guard:
    """``says`` what must hold, ``mend`` what to do where it does not."""

    says: str
    mend: str
    clause: str
    holds: Callable[[CaseFile, By], bool]


def _task(case: CaseFile, by: By, kind: TaskKind | None = None) -> bool:
    return any(t.unit == by.actor.unit and t.state is TaskState.OPEN for t in case.handling.open_tasks(kind))


def _remedies_over(case: CaseFile) -> bool:
    h = case.handling
    return all(r.ended_at for r in h.remedies) and bool(h.remedies or h.no_remedy_at)


def ready_to_archive(case: CaseFile) -> bool:
    """Tell whether the result stands: nobody objects, or what was objected has come to its end."""
    h = case.handling
    if case.state is State.OBJECTION:
        return h.objection is not None and h.objection.answer is not Answer.OBJECTS
    if case.state is State.REMEDY:
        return _remedies_over(case)
    return True


def _inputs_complete(case: CaseFile, by: By) -> bool:
    h = case.handling
    if h.track is Track.MAJOR:
        return h.minutes is not None
    if h.track is Track.JOINT:
        return h.combined is not None and any(t.kind is TaskKind.JOINT for t in h.tasks) and not h.open_tasks()
    return h.combined is not None


def _both_served(case: CaseFile, by: By) -> bool:
    h = case.handling
    closed_early = h.referral or h.refusal or h.withdrawal
    return bool(closed_early) or all(h.served(side) for side in Side)


NOT_YET_DISPATCHED = Guard(
    "工单还在政府办，尚未转办", "已转办的由承办单位签收或退单", DOC + "三（二）县政府办",
    lambda c, by: c.accepting_unit == "gov_office")
AWAITS_SIGNATURE = Guard(
    "工单已转来、尚未签收", "直接来访的不必签收，请登记", DOC + "三（二）县政府办",
    lambda c, by: bool(c.dispatched) and c.dispatched.signed_at is None)  # type: ignore[union-attr]
WAS_DISPATCHED = Guard(
    "工单是政府办转来的", "本单位首问受理的不能退单；职责有争议请提出职责争议", DOC + "四、首段（首问责任制）",
    lambda c, by: c.dispatched is not None)
IN_RETURN_PERIOD = Guard(
    "退单期限未过", "过期的先登记，再提出职责争议，由专班办公室会商指定", "deadlines.yaml 退单（县级自定）",
    lambda c, by: "return_unit" not in by.lapsed)
NOT_DESIGNATED = Guard(
    "本单位不是职责争议后指定的承办单位", "指定的承办单位不得再退；请办理，确有新情况的请专班办公室重新指定",
    "国办函〔2025〕66号（五）；参照潍坊市12345条例 第二十二条",
    lambda c, by: by.actor.unit not in {d.unit for d in c.designations})
SIGNED = Guard(
    "受理部门已接手：转办的已签收，首问单位是设工作室的单位", "请先转办、签收", DOC + "三（一）",
    lambda c, by: c.accepting_unit in by.policy.accepting and (c.dispatched is None or c.dispatched.signed_at is not None))
SUPPLEMENT_NOT_ASKED = Guard(
    "还没有要求过补正", "补正只能一次性提出；缴费人仍不补的，写明原因按现有材料登记", "优化营商环境条例 第三十六条（一次性告知）",
    lambda c, by: c.supplement is None)
NOT_KEPT_MAJOR = Guard(
    "没有仍然有效的重大疑难定级", "降级由专班主任决定，请先降级或重新报送", DOC + "四（二）；四（三）2（2）",
    lambda c, by: c.handling.track is not Track.MAJOR)
MEETING_HELD = Guard(
    "召集的会商已开并有记录", "请先登记会商记录", DOC + "四（三）3", lambda c, by: c.handling.meeting_called_at is None)
IS_SOLE = Guard(
    "现在是单办", "已是联办或重大疑难", DOC + "四（二）", lambda c, by: c.handling.track is Track.SINGLE)
DUTY_IN_DISPUTE = Guard(
    "确有争议：分流时本单位未被指定过，联办时有单位退单", "没有单位退单的，请继续办理", DOC + "四（一）「职责不清」",
    lambda c, by: (any(t.state is TaskState.RETURNED for t in c.handling.tasks) if c.handling.track is Track.JOINT
                   else c.accepting_unit not in {d.unit for d in c.designations}))
CONSULTED = Guard(
    "专班办公室已组织一般会商并有记录（县政府分管领导可直接指定）", "请先登记会商记录",
    DOC + "四（三）3；信访工作条例 第二十四条",
    lambda c, by: by.actor.role is Role.DIRECTOR or (c.dispute is not None and c.dispute.consulted))
HAS_TASK = Guard(
    "本单位有未办的任务", "请看任务分给了哪些单位", DOC + "四（三）1（3）", lambda c, by: _task(case=c, by=by))
HAS_JOINT_TASK = Guard(
    "本单位有未办的联办任务", "联办意见由被派发的单位出具", DOC + "四（三）1（3）",
    lambda c, by: _task(c, by, TaskKind.JOINT))
HAS_SPECIAL_TASK = Guard(
    "本单位有未答的专案意见", "八个成员单位各答一次，可答“不涉及”", DOC + "四（三）2（3）",
    lambda c, by: _task(c, by, TaskKind.SPECIAL))
OPINIONS_IN = Guard(
    "各单位书面意见已收齐，或逐一写明不再等待的理由", "请催办，或写明理由不再等待", DOC + "四（三）1（3）",
    lambda c, by: not c.handling.open_tasks())
IS_MAJOR = Guard(
    "已定为重大疑难事项", "不是重大疑难的不必降级", DOC + "四（二）", lambda c, by: c.handling.track is Track.MAJOR)
NOT_MAJOR_YET = Guard(
    "还不是重大疑难事项", "已是重大疑难，不必再升级", DOC + "四（二）", lambda c, by: c.handling.track is not Track.MAJOR)
MAY_STAND_IN = Guard(
    "由专班主任本人决定（文件没有规定副主任代行；开启代行设置并上传授权后除外）", "请报专班主任",
    DOC + "三（一）；四（三）2（2）",
    lambda c, by: by.actor.role is not Role.DEPUTY or by.policy.deputy_approval)
OFFICE_MAY_DOWNGRADE = Guard(
    "降级由专班主任决定（设置允许时，专班办公室可在报请主任之前决定）", "请报专班主任", DOC + "四（三）2（2）",
    lambda c, by: by.actor.role is Role.DIRECTOR
    or (by.policy.office_may_downgrade and c.state in (State.SUBMISSION, State.AT_OFFICE)))
MEETING_APPROVED = Guard(
    "专班主任已同意召开专题会议", "请先报专班主任同意", DOC + "四（三）3", lambda c, by: c.handling.meeting_approval is not None)
SPECIAL_OPINIONS_IN = Guard(
    "八个成员单位都已书面答复（含不涉及），或主任写明不再等待的理由", "请催办未答的单位", DOC + "四（三）2（3）",
    lambda c, by: not c.handling.open_tasks())
REPLY_INPUTS = Guard(
    "答复的依据已齐：联办有全部意见和总处理意见，重大疑难有签发的会议纪要", "请先补齐意见或纪要", DOC + "四（三）1（3）、2（3）",
    _inputs_complete)
RESPONDENT_NAMED = Guard(
    "对方当事人已登记", "请先更正登记，补上对方当事人", DOC + "四（四）「争议双方」",
    lambda c, by: c.registration is not None and c.registration.respondent is not None)
NOT_ANSWERED = Guard(
    "缴费人对结果的意见还没有登记", "已登记的不再改；有新情况请重办", DOC + "四（四）", lambda c,
    by: c.handling.objection is None)
ANSWERED = Guard(
    "缴费人对结果的意见已登记", "请先登记有无异议", DOC + "四（四）", lambda c, by: c.handling.objection is not None)
REMEDIES_OVER = Guard(
    "已登记的救济和法院事项都有结果", "请先登记结果", DOC + "四（四）",
    lambda c, by: all(r.ended_at for r in c.handling.remedies) and all(m.ended_at for m in c.handling.court))
BY_TAX = Guard(
    "由征收机构（税务）办理", "请移税务局", DOC + "三（二）县法院「征收机构《强制执行申请书》」",
    lambda c, by: by.actor.unit == "tax")
READY_TO_ARCHIVE = Guard(
    "结果已了：无异议或逾期未提，有异议的救济已有结果", "请先登记缴费人的意见或救济结果", DOC + "四（四）", lambda c,
    by: ready_to_archive(c))
BOTH_SERVED = Guard(
    "已向争议双方反馈", "请先把答复送达双方", DOC + "四（四）", _both_served)
NO_OPEN_DUTY = Guard(
    "没有未了的事（任务、督办、舆情、险情、上报、法院事项、承办反馈）", "请看案件的未了事项，逐一办结", DOC + "四（五）",
    lambda c, by: not c.open_duties())
NO_SIDE_DUTY = Guard(
    "没有未了的险情、舆情和督办", "请先处置，再并案", DOC + "五（二）", lambda c, by: not c.side_duties())
EXTENSION_LEFT = Guard(
    "延期次数没有用完", "不能再延，请催办或报专班办公室", "deadlines.yaml 延期（县级自定）；参照信访工作条例 第三十四条",
    lambda c, by: len(c.handling.extensions) < by.policy.extension_times)
IS_SUSPENDED = Guard(
    "案件正在中止", "案件没有中止，直接办理即可", "settings.yaml 中止事由（县级自定）", lambda c, by: c.suspended)
PUBLIC_OPINION_OPEN = Guard(
    "有未结的舆情任务", "没有舆情的不必处置", DOC + "三（二）县网信办",
    lambda c, by: c.public_opinion is not None and c.public_opinion.closed_at is None)
NO_PUBLIC_OPINION_OPEN = Guard(
    "没有未结的舆情任务", "已转网信办，不必重复", DOC + "三（二）县网信办",
    lambda c, by: c.public_opinion is None or c.public_opinion.closed_at is not None)
LEAD_OPINION_GIVEN = Guard(
    "主办单位已出具舆情意见", "请主办单位先出具意见", DOC + "三（二）县网信办「依据税务、人社、医保等部门意见」",
    lambda c, by: c.public_opinion is not None and bool(c.public_opinion.lead_opinion))
DANGER_OPEN = Guard(
    "有未处置的险情", "没有险情的不必登记", "国办发〔2022〕12号", lambda c,
    by: c.danger is not None and c.danger.settled_at is None)
NO_DANGER_OPEN = Guard(
    "没有未处置的险情", "已登记，请立即处置", "国办发〔2022〕12号", lambda c,
    by: c.danger is None or c.danger.settled_at is not None)
HAS_SUPERVISION = Guard(
    "本单位有未答复的督办", "没有对本单位的督办", DOC + "三（二）县政府办",
    lambda c, by: any(s.unit == by.actor.unit and not s.answer for s in c.supervisions))
FEEDBACK_AWAITED = Guard(
    "移送时约定了反馈日期，尚未反馈", "没有约定或已经反馈", DOC + "附件备注",
    lambda c, by: c.handling.referral is not None and c.handling.referral.feedback_due_on is not None
    and c.handling.referral.feedback is None)
ESCALATION_OPEN = Guard(
    "有未批复的上报", "没有上报的不必登记批复", DOC + "五（三）", lambda c, by: any(not e.answer for e in c.handling.escalations))

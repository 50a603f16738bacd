"""The one table of acts: from which states, to which, by whom, under which guards and clause, with which papers.

The methods of ``Case``, ``allowed_acts``, the diagram and docs/case.md are all read from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from hsdispute_plugin.case import guards as g
from hsdispute_plugin.case.guards import DOC, Guard
from hsdispute_plugin.case.states import (
    ASKED,
    ASKED_SPECIAL,
    HANDLING,
    HANDLING_JOINT,
    HANDLING_MAJOR,
    OPEN,
    UNANSWERED,
    Role,
    State,
)

S = State
DESK = (Role.FIRST_CONTACT, Role.HANDLER)
CHECK = (*DESK, Role.REVIEWER)
HEAD = (Role.UNIT_HEAD,)
CO = (Role.CO_UNIT, Role.CYBER)
LEADERS = (Role.OFFICE, Role.DIRECTOR)
BEFORE_REPLY = UNANSWERED - {S.REPLIED}


class Whose(StrEnum):
    """Of which unit the actor must be."""

    ANY = "不限单位"
    ACCEPTING = "受理部门"


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act. ``targets`` are the states it may lead to; empty: the state stays.

    ``leaders`` may act whatever their unit, ``roles`` only for the unit that ``whose`` names. ``why``: a reason is
    demanded. ``suspended``: allowed while the case is 中止. ``tell``: who is to be told. The system's own clock may
    only 催办; every decision is a person's.
    """

    code: str
    label: str
    sources: frozenset[State]
    targets: tuple[State, ...]
    roles: tuple[Role, ...]
    clause: str
    guards: tuple[Guard, ...] = ()
    papers: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    whose: Whose = Whose.ACCEPTING
    leaders: tuple[Role, ...] = ()
    why: bool = False
    suspended: bool = False


def _table(*rows: ActRow) -> Mapping[str, ActRow]:
    return MappingProxyType({row.code: row for row in rows})


def _in(*states: State | Iterable[State]) -> frozenset[State]:
    return frozenset(s for part in states for s in ((part,) if isinstance(part, State) else part))


ACCEPTANCE = (
    ActRow("dispatch", "转办", _in(S.NEW), (), (Role.GOV_OFFICE,), DOC + "三（二）县政府办", (g.NOT_YET_DISPATCHED,),
           papers=("转办单",), tell=("承办单位",), whose=Whose.ANY),
    ActRow("sign", "签收", _in(S.NEW), (), DESK, DOC + "三（二）县政府办；四、首段", (g.AWAITS_SIGNATURE,)),
    ActRow("send_back", "退单", _in(S.NEW), (S.NEW, S.DUTY_DISPUTED), (*DESK, *HEAD), "国办函〔2025〕66号",
           (g.WAS_DISPATCHED, g.NOT_DESIGNATED, g.IN_RETURN_PERIOD), tell=("政府办",), why=True),
    ActRow("hand_over", "首问交接", OPEN, (), (*DESK, *HEAD), DOC + "四、首段（首问责任制）", why=True, suspended=True),
    ActRow("ask_supplement", "一次性补正告知", _in(S.NEW, S.REGISTERED), (S.NEW,), CHECK,
           DOC + "四（一）；优化营商环境条例 第三十六条", (g.SIGNED, g.SUPPLEMENT_NOT_ASKED),
           papers=("一次性补正告知",), tell=("缴费人",)),
    ActRow("register", "受理登记", _in(S.NEW), (S.REGISTERED,), DESK, DOC + "四（一）「准确完整登记」", (g.SIGNED,),
           papers=("受理登记表", "受理回执"), tell=("缴费人",)),
    ActRow("correct_registration", "更正登记", _in(BEFORE_REPLY - {S.NEW, S.DUTY_DISPUTED}), (), CHECK,
           DOC + "四（一）「准确完整登记」", why=True, papers=("受理登记表",)),
    ActRow("review", "审核", _in(S.REGISTERED), (S.TRIAGE,), (Role.REVIEWER, Role.HANDLER, *HEAD), DOC + "四（二）"),
)

TRIAGE = (
    ActRow("inform", "告知移送", _in(S.TRIAGE), (S.INFORMED,), CHECK, DOC + "四（一）；社会保险法 第八十二条",
           (g.NOT_KEPT_MAJOR,), papers=("告知单", "移送函"), tell=("缴费人", "接收单位")),
    ActRow("record_feedback", "登记承办反馈", _in(S.INFORMED), (), DESK, DOC + "附件备注", (g.FEEDBACK_AWAITED,),
           papers=("办理情况反馈单",)),
    ActRow("take_back", "移送被退回", _in(S.INFORMED), (S.TRIAGE,), CHECK, DOC + "四（一）「职责不清」", why=True),
    ActRow("decline", "不予受理", _in(S.TRIAGE), (S.NOT_ACCEPTED,), (Role.REVIEWER, *HEAD),
           "国办发〔2020〕53号；" + DOC + "二（二）（三）", (g.NOT_KEPT_MAJOR,), papers=("不予受理告知书",), tell=("缴费人",),
           why=True),
    ActRow("merge", "并案", _in(S.REGISTERED, S.TRIAGE), (S.MERGED,), CHECK, "国办函〔2025〕66号；" + DOC + "二（三）",
           (g.NO_SIDE_DUTY,), why=True),
    ActRow("absorb", "并入", UNANSWERED, (), CHECK, "国办函〔2025〕66号；" + DOC + "二（三）", whose=Whose.ANY, why=True),
    ActRow("classify", "分类流转", _in(S.TRIAGE), (S.SOLE, S.JOINT_DISPATCH, S.SUBMISSION), CHECK, DOC + "四（二）"),
    ActRow("dispute_duty", "职责争议", _in(S.TRIAGE, S.JOINT_OPINIONS, S.JOINT_MEETING), (S.DUTY_DISPUTED,), (*CHECK, *HEAD),
           DOC + "四（一）「职责不清」", (g.DUTY_IN_DISPUTE,), tell=("专班办公室",), why=True),
    ActRow("designate", "指定承办", _in(S.DUTY_DISPUTED),
           (S.NEW, S.SOLE, S.JOINT_DISPATCH, S.JOINT_OPINIONS, S.JOINT_MEETING, S.SUBMISSION), LEADERS,
           DOC + "四（三）3；信访工作条例 第二十四条", (g.CONSULTED,), papers=("转办单",), tell=("承办单位",),
           whose=Whose.ANY, why=True),
)

JOINT = (
    ActRow("dispatch_tasks", "派发联办", _in(S.JOINT_DISPATCH), (S.JOINT_OPINIONS,), DESK, DOC + "四（三）1（2）",
           papers=("联办通知",), tell=("联办单位",)),
    ActRow("sign_task", "签收任务", ASKED | ASKED_SPECIAL, (),
           (*CO, *DESK, Role.GOV_OFFICE), DOC + "四（三）1（3）", (g.HAS_TASK,), whose=Whose.ANY),
    ActRow("report_progress", "报阶段性情况", ASKED | ASKED_SPECIAL, (),
           (*CO, *DESK, Role.GOV_OFFICE), DOC + "四（三）1（3）；参照北京市接诉即办条例 第十四条", (g.HAS_TASK,),
           tell=("受理部门",), whose=Whose.ANY, why=True),
    ActRow("return_task", "联办退单", _in(S.JOINT_OPINIONS, S.JOINT_MEETING), (), CO, "国办函〔2025〕66号",
           (g.HAS_JOINT_TASK, g.NOT_DESIGNATED), tell=("受理部门",), whose=Whose.ANY, why=True),
    ActRow("release_task", "同意退单", _in(S.JOINT_OPINIONS, S.JOINT_MEETING), (), CHECK, DOC + "四（三）1（2）", why=True),
    ActRow("opine", "联办意见", ASKED, (), CO, DOC + "四（三）1（3）", (g.HAS_JOINT_TASK,),
           papers=("联办意见书",), tell=("受理部门",), whose=Whose.ANY),
    ActRow("override_opinion", "不再等待意见", _in(S.JOINT_OPINIONS, S.JOINT_MEETING), (), (*DESK, *HEAD), DOC + "四（三）1（3）",
           why=True),
    ActRow("call_meeting", "召集一般会商", _in(S.JOINT_OPINIONS), (S.JOINT_MEETING,), (*DESK, *HEAD), DOC + "四（三）3",
           tell=("联办单位",)),
    ActRow("record_meeting", "登记一般会商", _in(S.TRIAGE, S.DUTY_DISPUTED, S.SOLE, S.JOINT_OPINIONS, S.JOINT_MEETING), (),
           (*CHECK, *HEAD), DOC + "四（三）3", papers=("会商记录",), leaders=LEADERS),
    ActRow("combine", "形成总处理意见", _in(S.SOLE, S.JOINT_OPINIONS, S.JOINT_MEETING), (S.DRAFTING,), DESK,
           DOC + "四（三）1（3）", (g.OPINIONS_IN, g.MEETING_HELD)),
)

SPECIAL = (
    ActRow("widen", "转为联办", _in(S.SOLE, S.DRAFTING), (S.JOINT_DISPATCH,), (*CHECK, *HEAD), DOC + "四（二）", (g.IS_SOLE,),
           leaders=LEADERS, why=True),
    ActRow("upgrade", "升级为重大疑难", _in(S.SOLE, HANDLING_JOINT, S.DRAFTING), (S.SUBMISSION,), (*CHECK, *HEAD),
           DOC + "四（二）", (g.NOT_MAJOR_YET,), leaders=LEADERS, why=True),
    ActRow("submit", "报送专班办公室", _in(S.SUBMISSION), (S.AT_OFFICE,), (*DESK, *HEAD), DOC + "四（三）2（2）；附件",
           papers=("报送单", "专案审批表"), tell=("专班办公室",)),
    ActRow("return_submission", "退回补材料", _in(S.AT_OFFICE), (S.SUBMISSION,), (Role.OFFICE,), DOC + "四（三）2（2）",
           tell=("受理部门",), whose=Whose.ANY, why=True),
    ActRow("forward", "报请主任", _in(S.AT_OFFICE), (S.AT_DIRECTOR,), (Role.OFFICE,), DOC + "四（三）2（2）",
           tell=("专班主任",), whose=Whose.ANY, why=True),
    ActRow("approve_special", "主任同意专案", _in(S.AT_DIRECTOR), (S.SPECIAL_OPINIONS,), (Role.DIRECTOR, Role.DEPUTY),
           DOC + "四（三）2（2）", (g.MAY_STAND_IN,), papers=("专案审批表", "联办通知"), tell=("成员单位",), whose=Whose.ANY),
    ActRow("refuse_special", "主任不同意专案", _in(S.AT_DIRECTOR), (S.TRIAGE,), (Role.DIRECTOR,), DOC + "四（三）2（2）",
           papers=("专案审批表",), tell=("受理部门",), whose=Whose.ANY, why=True),
    ActRow("downgrade", "降为一般事项", _in(HANDLING_MAJOR - {S.MINUTES}, S.TRIAGE), (S.TRIAGE,), (Role.DIRECTOR, Role.OFFICE),
           DOC + "四（三）2（2）", (g.IS_MAJOR, g.OFFICE_MAY_DOWNGRADE), tell=("受理部门",), whose=Whose.ANY, why=True),
    ActRow("opine_special", "专案书面意见", ASKED_SPECIAL, (), (*CO, *DESK, Role.GOV_OFFICE),
           DOC + "四（三）2（3）", (g.HAS_SPECIAL_TASK,), papers=("专案审批意见",), tell=("专班办公室",), whose=Whose.ANY),
    ActRow("override_special", "主任决定不再等待意见", ASKED_SPECIAL, (), (Role.DIRECTOR,),
           DOC + "四（三）2（3）", whose=Whose.ANY, why=True),
    ActRow("approve_meeting", "主任同意专题会议", _in(S.SPECIAL_OPINIONS), (), (Role.DIRECTOR, Role.DEPUTY), DOC + "四（三）3",
           (g.MAY_STAND_IN,), whose=Whose.ANY),
    ActRow("call_special_meeting", "召开专题会议", _in(S.SPECIAL_OPINIONS), (S.SPECIAL_MEETING,), LEADERS, DOC + "四（三）3",
           (g.MEETING_APPROVED,), tell=("成员单位",), whose=Whose.ANY),
    ActRow("adjourn", "休会补充意见", _in(S.SPECIAL_MEETING), (S.SPECIAL_OPINIONS,), LEADERS, DOC + "四（三）2（3）",
           tell=("成员单位",), whose=Whose.ANY, why=True),
    ActRow("record_special_meeting", "登记专题会议", _in(S.SPECIAL_MEETING), (S.MINUTES,), (Role.OFFICE,), DOC + "四（三）2（3）",
           (g.SPECIAL_OPINIONS_IN,), papers=("会商记录",), whose=Whose.ANY),
    ActRow("sign_minutes", "签发会议纪要", _in(S.MINUTES), (S.DRAFTING,), (Role.DIRECTOR, Role.DEPUTY), DOC + "四（三）2（3）",
           (g.MAY_STAND_IN,), papers=("会议纪要",), tell=("成员单位", "受理部门"), whose=Whose.ANY),
)

REPLY = (
    ActRow("issue_reply", "签发答复", _in(S.DRAFTING), (S.REPLIED,), (Role.HANDLER, *HEAD), DOC + "四（三）1（3）、2（3）",
           (g.REPLY_INPUTS, g.RESPONDENT_NAMED), papers=("答复意见书", "对方当事人反馈函"), tell=("缴费人", "对方当事人")),
    ActRow("serve", "送达", _in(S.REPLIED), (S.REPLIED, S.OBJECTION), DESK, DOC + "四（四）「向争议双方进行反馈」",
           papers=("送达回证",)),
    ActRow("record_answer", "登记异议", _in(S.OBJECTION), (S.OBJECTION, S.REMEDY), DESK, DOC + "四（四）", (g.NOT_ANSWERED,),
           papers=("异议登记和救济告知",)),
    ActRow("follow_up", "回访", _in(S.OBJECTION, S.REMEDY), (), DESK, "国办发〔2020〕53号（回访）", papers=("回访记录",),
           leaders=(Role.OFFICE, Role.GOV_OFFICE)),
    ActRow("redo", "新情况重办", _in(S.OBJECTION, S.REMEDY, S.ENFORCEMENT), (S.TRIAGE,), (*DESK, *HEAD), DOC + "四（四）",
           (g.REMEDIES_OVER,),
           why=True),
    ActRow("apply_remedy", "登记救济申请", _in(S.REMEDY, S.ENFORCEMENT), (), DESK, DOC + "四（四）"),
    ActRow("end_remedy", "登记救济结果", _in(S.REMEDY, S.ENFORCEMENT), (), DESK, DOC + "四（四）"),
    ActRow("note_no_remedy", "法定期限内未申请救济", _in(S.REMEDY), (), DESK, "行政复议法 第二十条；行政诉讼法 第四十六条",
           (g.REMEDIES_OVER,)),
    ActRow("demand_payment", "催告", _in(S.OBJECTION, S.REMEDY), (), DESK, "行政强制法 第五十四条", (g.BY_TAX, g.ANSWERED),
           tell=("对方当事人",)),
    ActRow("apply_court", "申请法院", _in(S.OBJECTION, S.REMEDY, S.ENFORCEMENT), (S.ENFORCEMENT,), (*DESK, *HEAD),
           DOC + "三（二）县法院；行政强制法 第五十三条；人民调解法 第三十三条", (g.ANSWERED,), tell=("法院",)),
    ActRow("record_court", "登记法院进展", _in(S.ENFORCEMENT), (), (*DESK, Role.CO_UNIT), DOC + "三（二）县法院",
           whose=Whose.ANY),
    ActRow("escalate", "提级上报", _in(S.SOLE, S.JOINT_OPINIONS, S.JOINT_MEETING, S.MINUTES, S.DRAFTING, S.ESCALATED),
           (S.ESCALATED,), (*DESK, *HEAD, *CO), DOC + "五（三）", papers=("提级报告",), tell=("上级单位",), whose=Whose.ANY,
           leaders=(Role.OFFICE,), why=True),
    ActRow("record_upper_answer", "登记上级批复", _in(S.ESCALATED),
           (S.ESCALATED, S.SOLE, S.JOINT_OPINIONS, S.JOINT_MEETING, S.MINUTES, S.DRAFTING), (*DESK, *HEAD, *CO), DOC + "五（三）",
           (g.ESCALATION_OPEN,), whose=Whose.ANY, leaders=(Role.OFFICE,)),
    ActRow("archive", "归档", _in(S.OBJECTION, S.REMEDY, S.ENFORCEMENT, S.INFORMED, S.NOT_ACCEPTED, S.WITHDRAWN), (S.ARCHIVED,),
           (Role.ARCHIVIST,), DOC + "四（五）", (g.READY_TO_ARCHIVE, g.BOTH_SERVED, g.NO_OPEN_DUTY),
           papers=("卷宗封面", "卷内目录", "卷内备考表")),
    ActRow("reopen", "重开", _in(S.ARCHIVED), (S.NEW, S.DUTY_DISPUTED, S.REGISTERED, S.TRIAGE), HEAD,
           DOC + "五（二）「及时回应缴费人关切」",
           leaders=(Role.DIRECTOR,), why=True),
)

SIDE = (
    ActRow("extend", "延期", _in(HANDLING, S.ESCALATED), (), HEAD, "参照信访工作条例 第三十四条；deadlines.yaml",
           (g.EXTENSION_LEFT,), papers=("延期审批表", "延期办理告知书"), tell=("缴费人",), leaders=(Role.DIRECTOR,), why=True),
    ActRow("suspend", "中止", _in(HANDLING, S.TRIAGE, S.ESCALATED), (), HEAD, "settings.yaml 中止事由（县级自定）",
           tell=("缴费人",), leaders=(Role.DIRECTOR,), why=True),
    ActRow("resume", "恢复办理", OPEN, (), (*HEAD, *DESK), "settings.yaml 中止事由（县级自定）", (g.IS_SUSPENDED,),
           tell=("缴费人",), leaders=(Role.DIRECTOR,), suspended=True),
    ActRow("urge", "催办", OPEN, (), (*DESK, *HEAD), "参照各地12345催办惯例；" + DOC + "四（三）1（3）", papers=("催办通知",),
           tell=("被催单位",), leaders=(Role.OFFICE, Role.GOV_OFFICE, Role.DIRECTOR, Role.CLOCK), suspended=True),
    ActRow("supervise", "督办", OPEN, (), (Role.GOV_OFFICE, *LEADERS),
           "参照潍坊市12345条例 第二十六条；" + DOC + "三（二）县政府办",
           papers=("督办通知",), tell=("被督办单位",), whose=Whose.ANY, why=True, suspended=True),
    ActRow("answer_supervision", "答复督办", OPEN, (), (*DESK, *HEAD, *CO, Role.GOV_OFFICE), DOC + "三（二）县政府办",
           (g.HAS_SUPERVISION,), whose=Whose.ANY, suspended=True),
    ActRow("withdraw", "撤回", BEFORE_REPLY, (S.WITHDRAWN,), DESK, DOC + "二（二）「不得损害缴费人合法权益」",
           tell=("联办单位", "对方当事人"), leaders=(Role.GOV_OFFICE,), why=True, suspended=True),
    ActRow("raise_public_opinion", "转网信办核查舆情", OPEN, (), CHECK, DOC + "三（二）县网信办", (g.NO_PUBLIC_OPINION_OPEN,),
           tell=("网信办", "专班办公室"), leaders=(Role.OFFICE, Role.CYBER), suspended=True),
    ActRow("advise_public_opinion", "主办单位舆情意见", OPEN, (), (*DESK, *HEAD), DOC + "三（二）县网信办",
           (g.PUBLIC_OPINION_OPEN,),
           tell=("网信办",), suspended=True),
    ActRow("close_public_opinion", "舆情处置完毕", OPEN, (), (Role.CYBER,), DOC + "三（二）县网信办",
           (g.PUBLIC_OPINION_OPEN, g.LEAD_OPINION_GIVEN), tell=("专班办公室",), whose=Whose.ANY, suspended=True),
    ActRow("raise_danger", "登记险情", OPEN, (), (*CHECK, *HEAD), "国办发〔2022〕12号", (g.NO_DANGER_OPEN,),
           tell=("110", "专班主任", "单位负责人"), leaders=(Role.OFFICE, Role.GOV_OFFICE), why=True, suspended=True),
    ActRow("settle_danger", "险情处置", OPEN, (), (*CHECK, *HEAD), "国办发〔2022〕12号", (g.DANGER_OPEN,),
           leaders=(Role.OFFICE, Role.GOV_OFFICE, Role.DIRECTOR), suspended=True),
    ActRow("recuse", "回避", OPEN, (), HEAD, DOC + "二（二）「公平公正」", leaders=LEADERS, why=True, suspended=True),
    ActRow("restrict", "列为保密", OPEN, (), (*CHECK, *HEAD), DOC + "附件备注「严格保密」", leaders=(Role.OFFICE,), why=True,
           suspended=True),
)

#: Every act by its code, in the order of chapter four.
ACTS: Mapping[str, ActRow] = _table(*ACCEPTANCE, *TRIAGE, *JOINT, *SPECIAL, *REPLY, *SIDE)

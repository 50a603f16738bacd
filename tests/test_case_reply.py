"""回复反馈、异议、归档、法院、提级: both parties are told, and nothing is archived that is not settled (四（四）、四（五）)."""

from dataclasses import replace

from hsdispute_plugin.case import (
    ACTS,
    Role,
    State,
)
from hsdispute_plugin.model import Track
from tests.casework import (
    REGISTRATION,
    REPLY,
    Docket,
    all_opine,
    archived,
    decision,
    drafted,
    joint,
    minutes,
    refused,
    served,
    without_objection,
)

# 回复反馈、异议、归档 (R27, R31, R33–R36)

def test_a_reply_is_the_accepting_units_and_names_remedy_and_period():
    docket = drafted()
    refused(docket, "不是受理部门的人", "issue_reply", of="hr")
    refused(docket, "专班办公室不办这一步", "issue_reply", Role.OFFICE)
    refused(docket, "没有写 救济途径和期限", "issue_reply", reply={**REPLY, "remedy": " "})
    docket.to("issue_reply")
    assert [(p.kind, p.to) for p in docket.outcome.papers] == [("答复意见书", "缴费人"), ("对方当事人反馈函", "对方当事人")]


def test_the_other_party_must_be_known_before_the_reply():
    docket = Docket(decision(Track.SINGLE))
    docket.do("register", form={**REGISTRATION, "respondent": None})
    docket.do("review")
    docket.do("classify", track="single", co_units=[])
    docket.to("combine")
    refused(docket, "对方当事人已登记", "issue_reply")
    docket.to("correct_registration", "issue_reply")


def test_both_parties_are_told_before_the_matter_is_settled():
    docket = drafted().to("issue_reply")
    docket.do("serve", side="对方当事人", mode="无法送达", receipt="三次上门无人")
    assert docket.case.state is State.REPLIED
    assert ("self_total", "tax") in docket.running
    refused(docket, "对方当事人已送达", "serve", side="对方当事人")
    docket.do("serve", side="缴费人")
    assert docket.case.state is State.OBJECTION
    assert docket.running == {("objection_window", "payer")}


def test_silence_counts_only_after_the_window():
    docket = served(drafted())
    refused(docket, "异议期未满", "record_answer", answer="逾期未提")
    docket.do("record_answer", answer="逾期未提", lapsed=("objection_window",))
    archived(docket)


def test_an_objection_is_told_its_ways_and_keeps_the_case_open_until_the_result():
    docket = served(drafted())
    refused(docket, "没有写明可走的途径", "record_answer", answer="有异议")
    docket.do("record_answer", answer="有异议", routes=["行政复议", "调解"])
    assert {("review_apply", "payer"), ("remedy_follow", "tax")} == docket.running
    docket.to("apply_remedy")
    assert ("review_decide", "organ") in docket.running
    refused(docket, "结果已了", "archive")
    docket.to("end_remedy")
    archived(docket)


def test_no_remedy_is_noted_only_when_every_legal_period_that_was_told_has_run_out():
    docket = served(drafted())
    docket.do("record_answer", answer="有异议", routes=["行政复议", "行政诉讼"])
    refused(docket, "行政诉讼的法定期限未满", "note_no_remedy", lapsed=("review_apply",))
    docket.do("note_no_remedy", lapsed=("review_apply", "sue_apply"))
    archived(docket)


def test_archive_lists_every_missing_paper_and_locks_the_case():
    docket = without_objection()
    refused(docket, "案卷缺 答复意见书、对方当事人反馈函、送达回证", "archive")
    refused(docket, "不办这一步", "archive", Role.HANDLER)
    archived(docket)
    assert docket.running == set()
    for act in set(ACTS) - {"reopen"}:
        assert docket.case.why_not(act, docket.by(docket.who(act)))


def test_a_special_case_is_archived_with_submission_approval_opinions_minutes_and_service():
    docket = served(minutes())
    docket.do("record_answer")
    assert docket.case.papers_for_archive() == (
        "受理登记表", "报送单", "专案审批表", "专案审批意见", "会商记录", "会议纪要", "答复意见书", "对方当事人反馈函",
        "送达回证")


def test_a_case_is_reopened_by_the_unit_head_and_keeps_its_first_round():
    docket = archived(without_objection())
    refused(docket, "不办这一步", "reopen", Role.HANDLER)
    docket.do("reopen", why="复议撤销原答复")
    assert (docket.case.state, docket.case.handling.reply) == (State.TRIAGE, None)
    assert docket.case.past[0].reply.opinion == "责令补缴"
    assert docket.case.archives[0].file_no == "001-2026-01"


# 法院、提级 (R13, R14, R38)

def test_enforcement_is_asked_of_the_court_by_the_collector_after_a_demand_of_ten_working_days():
    docket = without_objection()
    refused(docket, "没有催告", "apply_court")
    docket.to("demand_payment")
    refused(docket, "没有催告，或催告未满十个工作日", "apply_court")
    docket.do("apply_court", lapsed=("enforce_demand",))
    assert ("enforce_accept", "court") in docket.running
    docket.do("record_court", accepted=True, result="")
    assert ("enforce_rule", "court") in docket.running
    refused(docket, "法院事项", "archive")
    docket.to("record_court")
    archived(docket)


def test_only_the_tax_office_enforces():
    docket = Docket(decision(Track.SINGLE), unit="hr").to("register", "review")
    docket.do("classify", track="single", co_units=[])
    docket = served(docket.to("combine"))
    docket.do("record_answer")
    refused(docket, "由征收机构（税务）办理", "demand_payment")
    refused(docket, "强制执行由征收机构申请", "apply_court")


def test_an_agreement_of_mediation_may_be_confirmed_by_the_court():
    docket = served(drafted())
    docket.do("record_answer", answer="有异议", routes=["调解"])
    refused(docket, "没有调解协议", "apply_court", kind="司法确认")
    docket.do("apply_remedy", kind="调解", organ="人民调解委员会")
    refused(docket, "已登记、尚无结果", "apply_remedy", kind="调解", organ="又一")
    docket.do("end_remedy", kind="调解", result="达成协议", agreement=True)
    assert ("confirm_apply", "payer") in docket.running
    docket.do("apply_court", kind="司法确认", document="司法确认申请书")
    assert ("confirm_decide", "court") in docket.running
    docket.do("record_court", Role.CO_UNIT, of="court", kind="司法确认", result="裁定有效")
    archived(docket)


def test_each_line_unit_reports_upward_and_the_case_goes_on_where_it_stood():
    docket = joint("hr")
    docket.do("escalate", why="涉及全市政策")
    docket.do("escalate", of="hr", upper="庆阳市人社局", why="政策口径")
    assert docket.case.state is State.ESCALATED
    docket.do("opine", of="hr")  # the units go on working
    docket.do("record_upper_answer")
    assert docket.case.state is State.ESCALATED
    refused(docket, "没有报 庆阳市税务局 的未批复事项", "record_upper_answer")
    docket.do("record_upper_answer", upper="庆阳市人社局")
    assert docket.case.state is State.JOINT_OPINIONS


def test_even_a_forged_file_is_not_answered_without_its_basis_nor_archived_without_both_feedbacks():
    joint_reply = all_opine(joint()).to("combine")
    special_reply = minutes()
    for docket, gap in ((joint_reply, {"combined": None}), (joint_reply, {"tasks": ()}), (special_reply, {"minutes": None})):
        forged = replace(docket.case, handling=replace(docket.case.handling, **gap))
        assert "答复的依据已齐" in forged.why_not("issue_reply", docket.by(docket.who("issue_reply")))
    docket = without_objection()
    forged = replace(docket.case, handling=replace(docket.case.handling, services=docket.case.handling.services[:1]))
    assert "已向争议双方反馈" in forged.why_not("archive", docket.by(docket.who("archive")))

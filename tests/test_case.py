"""受理、分类流转、联办: who may do what, when, and what is refused with which clause (四（一）–四（三）1)."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from hsdispute_plugin.case import (
    Actor,
    By,
    FirstContact,
    Policy,
    Role,
    State,
    TaskState,
    open_case,
)
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import Matter, Track
from tests.casework import (
    BEGAN,
    DANGER,
    MEETING,
    REGISTRATION,
    Docket,
    all_opine,
    archived,
    decision,
    disputed,
    joint,
    refused,
    triage,
    without_objection,
)

# 首问责任 and 受理 (R17, R20, R24)

@pytest.mark.parametrize("gap", ["person", "unit", "channel"])
def test_the_first_contact_is_never_blank(gap):
    contact = replace(FirstContact("首问人", "tax", BEGAN, "来访"), **{gap: " "})
    with pytest.raises(CaseRefused, match="首问责任要落到人"):
        open_case("HS-1", "r", "T-1", contact, decision(), BEGAN, By(Actor("首问人", "tax", Role.FIRST_CONTACT), BEGAN))


def test_only_units_with_a_reception_room_and_the_government_office_take_in_matters():
    for unit in ("court", "justice", "finance", "cyber"):
        with pytest.raises(CaseRefused, match="没有设工作室"):
            Docket(unit=unit)
    assert Docket(unit="medical").case.accepting_unit == "medical"


def test_only_the_first_contact_registers_in_person_or_whoever_the_duty_was_handed_to():
    docket = Docket()
    refused(docket, "登记应由首问人员本人办理", "register", name="别人")
    docket.do("hand_over", name="首问人", person="接手人")
    refused(docket, "登记应由首问人员本人办理", "register", name="首问人")
    docket.do("register", name="接手人")
    (handover,) = docket.case.handovers
    assert (handover.former.person, handover.person, handover.why) == ("首问人", "接手人", "有理由")


def test_a_handover_changes_the_person_and_nothing_else_of_the_first_contact():
    docket = Docket()
    before = docket.case.first_contact
    docket.do("hand_over", person="接手人")
    assert docket.case.first_contact == replace(before, person="接手人")
    refused(docket, "没有写理由", "hand_over", why=" ", person="又一人")


def test_no_field_of_a_case_can_be_changed_from_outside():
    with pytest.raises(FrozenInstanceError):
        Docket().case.first_contact = None
    with pytest.raises(FrozenInstanceError):
        Docket().case.first_contact.person = "别人"


def test_registration_names_every_missing_item_at_once():
    gaps = {**REGISTRATION, "payer": {"name": "", "phone": " "}, "area": "", "claim": "", "matter": "", "visited_at": None}
    refused(Docket(), "登记缺 缴费人姓名或名称、联系方式、来访时间、事项所在辖区、反映主要事项、诉求", "register", form=gaps)


@pytest.mark.parametrize(("at", "says"), [
    ("2027-11-02T09:00:00+08:00", "2027-11-02 晚于今天"), ("2026-11-03T09:00:00", "2026-11-03 晚于今天"),
    ("2024-11-02T09:00:00+08:00", "2024-11-02 比收到时早一年以上"), ("9999-12-31T23:59:59Z", "9999-12-31 晚于今天"),
])
def test_a_time_that_cannot_be_meant_is_refused_with_what_would_be_right(at, says):
    mend = f"{says}。请核对年月日，写实际的时间。依据："
    refused(Docket(), f"来访时间 {mend}", "register", form={**REGISTRATION, "visited_at": at})
    refused(triage(), f"来访时间 {mend}", "correct_registration", form={**REGISTRATION, "visited_at": at})
    refused(triage(), f"会议时间 {mend}", "record_meeting", meeting={**MEETING, "held_at": at})


def test_a_ticket_that_a_host_dates_in_the_future_can_be_registered():
    docket = Docket()
    docket.case = replace(docket.case, opened_at=docket.now + timedelta(days=2000))
    docket.to("register")


def test_the_county_may_demand_more_items():
    docket = Docket(policy=Policy(registration_extra=("参保险种",)))
    refused(docket, "登记缺 参保险种", "register")
    docket.do("register", form={**REGISTRATION, "extra": [["参保险种", "企业职工养老"]]})


def test_an_anonymous_report_needs_no_name_and_no_phone():
    docket = Docket(decision(ticket_type="report"))
    docket.do("register", form={**REGISTRATION, "payer": {"name": ""}, "anonymous": True})
    assert docket.case.state is State.REGISTERED


def test_missing_items_are_asked_for_once_and_all_together():
    docket = Docket()
    outcome = docket.do("ask_supplement")
    assert docket.case.supplement.missing == ("事项所在辖区", "诉求")
    assert [p.kind for p in outcome.papers] == ["一次性补正告知"]
    assert ("supplement", "payer") in docket.running
    assert ("register", "tax") not in docket.running
    refused(docket, "补正只能一次性提出", "ask_supplement")
    docket.do("register")
    assert docket.case.supplement.answered_at == docket.now


def test_a_registration_that_is_complete_is_not_sent_back():
    refused(Docket(), "登记项目已齐", "ask_supplement", form=REGISTRATION)


def test_a_payer_who_brings_nothing_more_is_registered_with_the_reason_but_never_without_a_matter():
    docket = Docket().to("ask_supplement")
    gaps = {**REGISTRATION, "area": ""}
    refused(docket, "按现有材料登记请写明原因", "register", why="", form=gaps)
    refused(docket, "登记缺 事项所在辖区、反映主要事项", "register", form={**gaps, "matter": ""})
    docket.do("register", why="缴费人年老不便再来", form=gaps)
    assert docket.case.state is State.REGISTERED


def test_a_supplement_found_in_review_leads_back_to_registration_once():
    docket = Docket().to("register", "ask_supplement")
    assert docket.case.state is State.NEW
    docket.to("register")
    refused(docket, "补正只能一次性提出", "ask_supplement")


def test_a_correction_may_add_but_not_remove():
    docket = Docket()
    docket.do("register", form={**REGISTRATION, "respondent": None})
    docket.to("correct_registration")
    refused(docket, "更正后会缺对方当事人", "correct_registration", form={**REGISTRATION, "respondent": None})
    refused(docket, "更正后会缺 诉求", "correct_registration", form={**REGISTRATION, "claim": ""})


def test_review_by_another_person_where_the_county_wants_it():
    docket = Docket(policy=Policy(maker_checker=True)).to("register")
    refused(docket, "登记人不能审核自己的登记", "review", Role.HANDLER, name="首问人")
    docket.do("review")
    assert docket.case.state is State.TRIAGE


# 转办、签收、退单、职责待定 (R09)

def from_hotline() -> Docket:
    return Docket(unit="gov_office")


def test_the_government_office_passes_on_and_does_not_handle():
    docket = from_hotline()
    assert ("dispatch", "gov_office") in docket.running
    refused(docket, "请先转办、签收", "register")
    refused(docket, "没有设工作室", "dispatch", unit="court")
    docket.do("dispatch")
    assert docket.case.accepting_unit == "tax"
    assert {("sign", "tax"), ("return_unit", "tax")} <= docket.running
    assert [(p.kind, p.to) for p in docket.outcome.papers] == [("转办单", "tax")]


def test_who_signs_takes_over_the_first_contact_duty_and_the_log_says_so():
    docket = from_hotline().to("dispatch")
    docket.do("sign", name="税务甲")
    assert (docket.case.first_contact.person, docket.case.first_contact.unit) == ("税务甲", "tax")
    assert docket.case.first_contact.channel == "来访"
    assert [(h.former.unit, h.unit, h.why) for h in docket.case.handovers] == [("gov_office", "tax", "签收")]
    docket.to("register")


def test_a_ticket_bounces_no_more_than_the_limit_then_the_duty_is_disputed():
    docket = from_hotline().to("dispatch", "send_back")
    assert (docket.case.state, docket.case.accepting_unit) == (State.NEW, "gov_office")
    refused(docket, "已退过这件工单", "dispatch", unit="tax")
    docket.do("dispatch", unit="hr")
    docket.do("send_back", belongs_to="tax")
    assert docket.case.state is State.DUTY_DISPUTED


def test_a_unit_designated_after_a_dispute_may_not_return_the_ticket():
    docket = disputed().to("record_meeting", "designate", "sign")
    assert (docket.case.state, docket.case.accepting_unit) == (State.NEW, "tax")
    refused(docket, "不是职责争议后指定的承办单位", "send_back")
    assert ("return_unit", "tax") not in docket.running


def test_the_office_designates_after_a_consultation_and_the_director_without():
    docket = disputed()
    refused(docket, "请先登记会商记录", "designate", Role.OFFICE)
    docket.do("designate", Role.DIRECTOR)
    assert docket.case.designations[0].unit == "tax"


def test_a_township_is_not_made_the_lead():
    refused(disputed(), "部门职责不交乡镇", "designate", Role.DIRECTOR, unit="laocheng")


def test_a_return_after_its_period_is_refused():
    refused(from_hotline().to("dispatch"), "退单期限未过", "send_back", lapsed=("return_unit",))


def test_a_unit_that_was_first_contacted_itself_cannot_return():
    refused(Docket(), "工单是政府办转来的", "send_back")


def test_a_duty_disputed_after_review_is_designated_with_its_track():
    docket = triage().to("dispute_duty")
    assert ("designate", "office") in docket.running
    docket.to("record_meeting")
    refused(docket, "没有写办理方式", "designate", track=None)
    docket.do("designate", track="joint", co_units=["hr", "medical"])
    assert (docket.case.state, docket.case.handling.co_units) == (State.JOINT_DISPATCH, ("hr", "medical"))
    docket.to("dispatch_tasks")


# 分类流转 (R18, R19, R21, R22, R23)

def test_a_payer_told_elsewhere_learns_unit_address_phone_and_papers_at_once():
    refused(triage(), "没有写 地址、电话、所需材料", "inform", address="", phone="", materials=" ")


@pytest.mark.parametrize("kind", ["complaint", "report"])
def test_a_complaint_is_transferred_in_writing(kind):
    docket = triage(decision(ticket_type=kind))
    refused(docket, "社会保险法 第八十二条", "inform", written=False)
    docket.do("inform")
    assert [(p.kind, p.to) for p in docket.outcome.papers] == [("告知单", "缴费人"), ("移送函", "公积金中心")]


def test_a_transfer_with_a_feedback_date_waits_for_the_feedback():
    docket = triage()
    refused(docket, "反馈日期 2026-10-20 不晚于今天", "inform", feedback_due_on="2026-10-20")
    refused(docket, "反馈日期 2062-11-20 在一年以后", "inform", feedback_due_on="2062-11-20")
    docket.do("inform", feedback_due_on="2026-11-20")
    assert ("feedback", "公积金中心") in docket.running
    refused(docket, "没有未了的事", "archive")
    docket.to("record_feedback")
    archived(docket)


def test_a_transfer_that_comes_back_is_sorted_again():
    docket = triage().to("inform", "take_back")
    assert (docket.case.state, len(docket.case.past)) == (State.TRIAGE, 1)
    assert docket.case.past[0].referral.to == "公积金中心"


def test_a_matter_is_declined_only_by_a_person_who_may_on_a_ground_of_the_list_with_the_legal_way():
    docket = triage()
    for role in (Role.CLOCK, Role.FIRST_CONTACT, Role.HANDLER, Role.ADMIN):
        refused(docket, "不办这一步", "decline", role)
    refused(docket, "没有写 法定途径", "decline", route="")
    refused(docket, "ground", "decline", ground="缴费人态度不好")
    docket.to("decline")
    assert docket.case.state is State.NOT_ACCEPTED


def test_the_same_matter_is_merged_and_the_parent_knows_it():
    parent, child = triage().case, Docket().to("register")
    child.case = replace(child.case, number="HS-2")
    child.do("merge", parent=parent)
    (other,) = child.outcome.others
    assert (child.case.state, child.case.merged_into, other.case.absorbed) == (State.MERGED, "HS-1", ("HS-2",))
    assert (other.journal[0].act, child.outcome.journal[0].act) == ("absorb", "merge")
    assert child.running == set()


def test_a_case_is_not_merged_into_itself_into_a_closed_one_or_with_open_danger():
    docket = triage()
    refused(docket, "不能作为主案", "merge", parent=docket.case)
    closed = replace(archived(without_objection()).case, number="HS-9")
    refused(docket, "不能“并入”", "merge", parent=closed)
    in_danger = triage(decision(alerts=(DANGER,)))
    refused(in_danger, "没有未了的险情", "merge", parent=replace(triage().case, number="HS-3"))


def test_a_person_decides_the_class_and_another_choice_than_suggested_needs_a_reason():
    docket = triage(decision(Track.SINGLE))
    refused(docket, "与系统建议“单办”不同", "classify", why="")
    docket.do("classify", why="涉及人社登记")
    (made,) = docket.case.handling.classes
    assert (made.before, made.after, made.why) == (None, Track.JOINT, "涉及人社登记")
    same = triage(decision(Track.SINGLE))
    same.do("classify", why="", track="single", co_units=[])
    assert same.case.state is State.SOLE


def test_a_policy_issue_of_several_units_always_goes_to_the_leading_group():
    docket = triage(decision(Track.MAJOR, matter=Matter.MAJOR, signals=("policy_wide",)))
    refused(docket, "应通过专班会商", "classify", track="joint")
    refused(docket, "没有写理由", "classify", why="", track="joint", policy_issue=False)
    docket.do("classify", track="joint", policy_issue=False, why="只涉及本人")
    assert docket.case.state is State.JOINT_DISPATCH


@pytest.mark.parametrize(("form", "says"), [
    ({"track": "joint", "co_units": []}, "联办没有联办单位"),
    ({"track": "joint", "co_units": ["tax"]}, "联办没有联办单位"),
    ({"track": "joint", "co_units": ["laocheng"]}, "不是专班成员单位"),
    ({"track": "single", "co_units": ["hr"]}, "涉及其他部门的请联办"),
    ({"track": "inform", "co_units": []}, "请用告知移送"),
])
def test_a_class_must_fit_its_units(form, says):
    refused(triage(), says, "classify", **form)


# 联办 (R25, R26, R27, R32)

def test_every_co_unit_owes_one_opinion_and_its_own_clock():
    docket = joint("hr", "medical")
    assert {("general_opinion", "hr"), ("general_opinion", "medical"), ("sign", "hr")} <= docket.running
    docket.do("sign_task", of="hr")
    docket.do("opine", of="hr")
    assert ("general_opinion", "hr") not in docket.running
    refused(docket, "本单位有未办的联办任务", "opine", of="hr")
    refused(docket, "没有写 依据、签字人", "opine", of="medical", basis="", signer="")


def test_a_reply_waits_for_every_opinion_or_for_a_reason():
    docket = joint("hr", "medical")
    docket.do("opine", of="hr")
    refused(docket, "各单位书面意见已收齐", "combine")
    refused(docket, "没有写理由", "override_opinion", why="", unit="medical")
    docket.do("override_opinion", unit="medical", why="医保局逾期两次")
    assert docket.case.handling.tasks[1].state is TaskState.OVERRIDDEN
    docket.to("combine")


def test_a_unit_that_cannot_finish_says_how_far_it_is_and_still_owes():
    docket = joint()
    docket.do("report_progress", of="hr", why="正在核对工资")
    assert docket.case.handling.tasks[0].progress == ("正在核对工资",)
    assert docket.case.handling.tasks[0].open


def test_a_returned_task_is_released_by_the_lead_or_decided_by_the_office():
    docket = joint("hr", "medical")
    docket.do("return_task", of="hr", why="不属我局")
    refused(docket, "各单位书面意见已收齐", "combine")
    assert ("general_opinion", "hr") in docket.running
    released = docket.case.release_task(docket.by(docket.who("release_task", of="tax"), "确实不属"), "hr").case
    assert released.handling.tasks[0].state is TaskState.RELEASED
    docket.to("dispute_duty", "record_meeting")
    docket.do("designate", unit="hr", why="属人社职责")
    assert (docket.case.state, docket.case.handling.tasks[0].state) == (State.JOINT_OPINIONS, TaskState.OPEN)
    refused(docket, "不是职责争议后指定的承办单位", "return_task", of="hr")


def test_designating_another_unit_releases_the_one_that_returned():
    docket = joint("hr")
    docket.do("return_task", of="hr")
    docket.to("dispute_duty")
    docket.do("designate", Role.DIRECTOR, unit="medical", why="属医保职责")
    assert [(t.unit, t.state) for t in docket.case.handling.tasks] == [("hr", TaskState.RELEASED), ("medical", TaskState.OPEN)]
    all_opine(docket).to("combine")


def test_without_a_returned_task_there_is_no_dispute():
    refused(joint(), "没有单位退单的，请继续办理", "dispute_duty")


def test_a_general_consultation_needs_no_approval_but_a_full_record():
    docket = joint().to("call_meeting")
    assert ("general_meeting", "tax") in docket.running
    refused(docket, "会商记录缺 地点、议定事项", "record_meeting", meeting={**MEETING, "place": "", "decisions": ""})
    refused(docket, "专题会议不在这里登记", "record_meeting", meeting={**MEETING, "special": True})
    refused(docket, "各单位书面意见已收齐", "combine")
    refused(all_opine(docket), "召集的会商已开并有记录", "combine")
    docket.to("record_meeting")
    assert ("general_meeting", "tax") not in docket.running
    docket.to("combine")

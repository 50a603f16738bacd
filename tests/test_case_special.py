"""重大疑难事项: submission, approval, eight opinions, special meeting, minutes (四（二）；四（三）2、3)."""



from hsdispute_plugin.case import (
    Policy,
    Role,
    State,
)
from hsdispute_plugin.model import Track
from tests.casework import (
    UNITS,
    all_opine,
    decision,
    drafted,
    joint,
    major,
    minutes,
    refused,
    served,
    sole,
    special,
    triage,
)

# 重大疑难 (R06, R23, R28–R32, R40)

def test_a_class_rises_at_any_time_before_the_reply():
    for docket in (sole(), joint(), joint().to("call_meeting"), drafted()):
        docket.do("upgrade", why="出现群体诉求")
        assert docket.case.state is State.SUBMISSION
        assert docket.case.handling.open_tasks() == ()
    docket = sole()
    docket.to("widen")
    assert (docket.case.state, docket.case.handling.co_units) == (State.JOINT_DISPATCH, ("hr",))
    refused(docket, "这一步只在 单办中、拟答复 时办理", "widen")
    refused(all_opine(joint()).to("combine"), "现在是单办", "widen")


def test_a_submission_carries_every_field_of_the_annex():
    docket = triage(decision(Track.MAJOR))
    docket.do("classify", track="major", co_units=[])
    form = {"submission_no": "", "summary": " ", "opinion": "", "contact_phone": "", "feedback_due_on": "2026-12-01"}
    refused(docket, "没有写 报送编号、反映内容摘要、报送意见、电话", "submit", form=form)
    full = {"submission_no": "〔2026〕1号", "summary": "某", "opinion": "某", "contact_phone": "1"}
    for day, says in (("2026-11-02", "2026-11-02 不晚于今天"), ("2036-12-01", "2036-12-01 在一年以后")):
        refused(docket, f"反馈日期 {says}。请核对年月日，写今天以后、一年以内的日期。依据：", "submit",
                form={**full, "feedback_due_on": day})
    docket.do("submit", form={**full, "feedback_due_on": "2026-12-01"})
    assert {("chair_approval", "director"), ("feedback", "office")} <= docket.running


def test_only_the_director_approves_a_special_case():
    docket = major()
    for role in (Role.OFFICE, Role.UNIT_HEAD, Role.CLOCK):
        refused(docket, "不办这一步", "approve_special", role)
    refused(docket, "由专班主任本人决定", "approve_special", Role.DEPUTY, authorisation="授权书")
    docket.do("approve_special", Role.DIRECTOR)


def test_a_deputy_stands_in_only_where_the_setting_allows_it_and_with_an_uploaded_authorisation():
    docket = major(Policy(deputy_approval=True))
    refused(docket, "副主任代行没有授权书", "approve_special", Role.DEPUTY)
    docket.do("approve_special", Role.DEPUTY, authorisation="授权书.pdf")
    assert docket.case.handling.approval.authorisation == "授权书.pdf"


def test_all_eight_units_are_asked_and_not_concerned_is_an_answer():
    docket = special()
    assert {t.unit for t in docket.case.handling.open_tasks()} == set(UNITS) and len(UNITS) == 8
    refused(docket, "没有写 查明事实、依据", "opine_special", of="court", concerned=True)
    all_opine(docket)
    assert ("major_meeting", "office") in docket.running
    assert not [k for k, _ in docket.running if k == "major_opinion"]


def test_a_special_meeting_needs_the_directors_consent_and_every_answer():
    docket = special()
    refused(docket, "专班主任已同意召开专题会议", "call_special_meeting")
    docket.to("approve_meeting", "call_special_meeting")
    refused(docket, "八个成员单位都已书面答复", "record_special_meeting")
    refused(docket, "不办这一步", "override_special", Role.OFFICE)
    for task in docket.case.handling.open_tasks()[1:]:
        docket.do("opine_special", of=task.unit)
    docket.do("override_special", unit=docket.case.handling.open_tasks()[0].unit, why="逾期")
    docket.to("record_special_meeting")


def test_the_director_may_agree_to_the_meeting_together_with_the_case():
    docket = major()
    docket.do("approve_special", meeting=True)
    docket.do("call_special_meeting")


def test_a_meeting_may_ask_again_and_then_waits_again():
    docket = all_opine(special()).to("approve_meeting", "call_special_meeting", "adjourn")
    assert [t.unit for t in docket.case.handling.open_tasks()] == ["court"]
    all_opine(docket).to("call_special_meeting", "record_special_meeting")


def test_without_minutes_there_is_no_reply_in_a_special_case():
    docket = all_opine(special()).to("approve_meeting", "call_special_meeting", "record_special_meeting")
    refused(docket, "案件现在是“会议纪要签发”", "issue_reply")
    refused(docket, "没有写 纪要编号、纪要", "sign_minutes", minutes_no="", text="")
    docket.to("sign_minutes", "issue_reply")
    assert ("feedback", "office") not in docket.running


def test_a_class_falls_only_by_the_directors_decision():
    docket = special()
    refused(docket, "不办这一步", "downgrade", Role.UNIT_HEAD)
    refused(docket, "降级由专班主任决定", "downgrade", Role.OFFICE)
    docket.do("downgrade", Role.DIRECTOR)
    assert (docket.case.state, docket.case.handling.open_tasks()) == (State.TRIAGE, ())
    docket.do("classify", track="joint", policy_issue=False)


def test_the_office_may_lower_a_class_before_the_director_is_asked_where_the_county_allows_it():
    docket = triage(decision(Track.MAJOR), Policy(office_may_downgrade=True))
    docket.do("classify", track="major", co_units=[])
    docket.do("downgrade", Role.OFFICE)
    refused(major(Policy(office_may_downgrade=True)), "降级由专班主任决定", "downgrade", Role.OFFICE)


def test_what_the_director_does_not_agree_to_is_handled_as_general_or_submitted_again():
    docket = major()
    docket.do("refuse_special", why="情况单一")
    docket.do("classify", policy_issue=False)
    again = major()
    again.do("refuse_special", as_general=False, why="材料不全")
    refused(again, "降级由专班主任决定", "classify")
    for act in ("inform", "decline"):
        refused(again, "没有仍然有效的重大疑难定级", act)
    again.do("classify", track="major", co_units=[])
    again.to("submit", "return_submission", "submit", "forward", "approve_special")


def test_new_facts_do_not_lower_a_class():
    docket = served(minutes())
    docket.do("redo", why="新证据")
    refused(docket, "降级由专班主任决定", "classify")
    docket.do("downgrade", Role.DIRECTOR)
    docket.do("classify", track="joint", policy_issue=False)

"""延期、中止、催办、督办、舆情、险情, the clocks of a matter, and the table, forms and JSON of a case."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from hsdispute_plugin.case import (
    ACTS,
    Actor,
    Case,
    Policy,
    Role,
    State,
    allowed_acts,
    guards,
    perform,
    running,
)
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import Track, Unit
from tests.casework import (
    BEGAN,
    DANGER,
    HOST_DUE,
    PUBLIC_OPINION,
    REGISTRATION,
    Docket,
    archived,
    decision,
    drafted,
    joint,
    minutes,
    refused,
    served,
    sole,
    special,
    triage,
    without_objection,
)

# 延期、中止、催办、督办、撤回、舆情、险情、回避 (R16, R37)

def test_an_extension_is_limited_in_length_and_number_and_asked_before_the_period_ends():
    docket = sole()
    refused(docket, "不在 1 到 10 之间", "extend", workdays=11)
    refused(docket, "期限已过", "extend", lapsed=("self_total",))
    refused(docket, "不办这一步", "extend", Role.HANDLER)
    docket.do("extend")
    assert [(c.do, c.key, c.workdays) for c in docket.outcome.clocks] == [("extend", "self_total", 5)]
    assert [p.kind for p in docket.outcome.papers] == ["延期审批表", "延期办理告知书"]
    refused(docket, "延期次数没有用完", "extend")


def test_a_special_case_is_extended_by_the_director():
    refused(special(), "由专班主任批准", "extend")
    special().do("extend", Role.DIRECTOR)


def test_suspension_needs_a_ground_stops_county_clocks_and_lets_nothing_but_urgent_acts_pass():
    docket = sole(decision(Track.SINGLE, due=(HOST_DUE,)))
    refused(docket, "不是中止事由", "suspend", ground="人手不足")
    docket.do("suspend")
    assert [(c.do, c.key) for c in docket.outcome.clocks] == [("pause", "self_total")]
    refused(docket, "案件正在中止", "combine")
    docket.do("raise_danger")
    docket.do("settle_danger")
    docket.do("resume")
    assert [(c.do, c.key) for c in docket.outcome.clocks] == [("resume", "self_total")]
    docket.to("combine")


def test_the_systems_clock_may_remind_and_nothing_else():
    docket = joint()
    clock = docket.by(Actor("系统", "", Role.CLOCK), "到期")
    assert [row.code for row in allowed_acts(docket.case, clock)] == ["urge"]
    outcome = docket.case.urge(clock, "hr")
    assert [(p.kind, p.to) for p in outcome.papers] == [("催办通知", "hr")]


def test_administrators_and_auditors_act_on_no_case():
    for docket in (Docket(), joint(), special(), served(drafted())):
        for role in (Role.ADMIN, Role.AUDITOR):
            assert allowed_acts(docket.case, docket.by(Actor("某", "tax", role))) == ()


def test_supervision_is_answered_before_the_archive():
    docket = without_objection()
    docket.do("supervise")
    assert ("supervise_reply", "hr") in docket.running
    refused(docket, "督办", "archive")
    docket.to("answer_supervision")
    archived(docket)


def test_a_withdrawal_ends_the_tasks_but_neither_danger_nor_public_opinion():
    docket = Docket(decision(alerts=(DANGER, PUBLIC_OPINION))).to("register", "review", "classify", "dispatch_tasks", "withdraw")
    assert docket.case.handling.open_tasks() == ()
    assert docket.running == {("extreme_words", "tax"), ("public_opinion", "cyber"), ("archive_after_close", "tax")}
    refused(docket, "险情", "archive")
    docket.to("settle_danger", "advise_public_opinion", "close_public_opinion")
    archived(docket)


def test_the_cyber_office_closes_public_opinion_only_upon_the_lead_units_opinion():
    docket = sole(decision(Track.SINGLE, alerts=(PUBLIC_OPINION,)))
    assert ("public_opinion", "cyber") in docket.running
    refused(docket, "主办单位已出具舆情意见", "close_public_opinion")
    docket.to("advise_public_opinion", "close_public_opinion")
    assert ("public_opinion", "cyber") not in docket.running
    docket.to("raise_public_opinion")


def test_danger_is_a_duty_from_the_first_moment():
    docket = Docket(decision(alerts=(DANGER,)))
    assert ("extreme_words", "tax") in docket.running
    assert docket.outcome.tell == ("通报110：立即联动",)
    refused(docket, "没有未处置的险情", "raise_danger")


def test_a_recused_person_acts_no_more():
    docket = sole()
    docket.do("recuse", person="承办人甲")
    refused(docket, "本人已回避", "combine", Role.HANDLER)
    docket.do("combine", Role.HANDLER, name="承办人乙")


def test_a_case_may_be_marked_confidential():
    docket = sole().to("restrict")
    assert docket.case.confidential


# clocks of the whole matter

def test_the_matters_clock_follows_its_class_and_counts_from_the_tickets_arrival():
    docket = Docket(decision(Track.SINGLE, due=(HOST_DUE,)))
    assert {("self_total", "tax"), ("host", "tax"), ("register", "tax")} == docket.running
    docket.to("register", "review", "classify")
    started = {c.key: c.at for c in docket.outcome.clocks if c.do == "start"}
    assert started["general_total"] == BEGAN
    assert ("self_total", "tax") not in docket.running
    assert ("host", "tax") in docket.running


def test_a_new_suggestion_keeps_what_people_decided_and_adds_what_is_dangerous():
    docket = sole(decision(Track.SINGLE, due=(HOST_DUE,), alerts=(PUBLIC_OPINION,)))
    docket.to("advise_public_opinion", "close_public_opinion")
    later = replace(HOST_DUE, due_at=HOST_DUE.due_at + timedelta(days=5))
    by = docket.by(Actor("规则插件", "", Role.CLOCK), "工单内容有变")
    outcome = docket.case.suggest_again(by, decision(Track.MAJOR, due=(later,), alerts=(PUBLIC_OPINION, DANGER)))
    assert (outcome.case.state, outcome.case.handling) == (docket.case.state, docket.case.handling)
    assert outcome.tell == (DANGER.what,)
    assert [(c.do, c.key, c.due_at) for c in outcome.clocks] == [
        ("stop", "host", None), ("start", "extreme_words", None), ("start", "host", later.due_at)]
    assert outcome.case.side_duties() == ("险情未处置",)


def test_an_archived_case_takes_no_new_suggestion():
    docket = archived(without_objection())
    with pytest.raises(CaseRefused, match="请重开"):
        docket.case.suggest_again(docket.by(Actor("规则插件", "", Role.CLOCK)), decision())


def test_a_consultation_is_answered_sooner():
    assert ("consult_reply", "tax") in Docket(decision(Track.SINGLE, ticket_type="consult")).running


def test_statutory_periods_of_the_decision_run_until_the_answer():
    due = tuple(replace(HOST_DUE, key=key) for key in ("petition_reply", "petition_total"))
    docket = sole(decision(Track.SINGLE, due=due))
    assert ("petition_reply", "tax") not in docket.running
    assert ("petition_total", "tax") in docket.running
    assert ("petition_total", "tax") not in served(docket.to("combine")).running


def test_the_clocks_of_an_act_are_the_difference_between_two_moments():
    docket = joint("hr", "medical")
    assert docket.running == set(running(docket.case))


# the table, forms, JSON

def test_a_form_of_plain_values_is_checked_without_repeating_the_payers_words():
    docket = Docket()
    with pytest.raises(CaseRefused) as told:
        docket.do("register", form={**REGISTRATION, "payer": {"name": ["柳某某"], "phone": "13800000000"}}, colour="红")
    assert "不认识的项 colour" in str(told.value) and "form.payer" in str(told.value)
    assert "柳某某" not in str(told.value) and "13800000000" not in str(told.value)


def test_a_form_without_its_items_names_them():
    docket = triage()
    with pytest.raises(CaseRefused, match="没有写 to、address、phone、materials、told_by"):
        perform(docket.case, "inform", docket.by(docket.who("inform")), {})


@pytest.mark.parametrize("act", ["destroy", "absorb", "__init__", "to_json"])
def test_what_is_no_act_is_refused(act):
    docket = Docket()
    with pytest.raises(CaseRefused, match="没有“"):
        perform(docket.case, act, docket.by(docket.who("register")), {})


@pytest.mark.parametrize("docket",
                         [Docket, joint, special, lambda: served(minutes()), lambda: archived(without_objection()),
                                    lambda: joint().to("call_meeting", "record_meeting", "escalate", "supervise", "suspend")])
def test_a_case_read_back_from_json_is_the_same_case(docket):
    case = docket().case
    assert Case.from_json(case.to_json()) == case


def test_a_case_its_registration_and_its_journal_show_no_payer():
    docket = joint()
    shown = f"{docket.case!r} {docket.case.registration!r} {docket.case.registration.payer!r} {docket.outcome.journal}"
    assert "柳某某" not in shown and "13800000000" not in shown
    assert repr(docket.case.registration.payer) == "Payer(***)"


def test_every_act_of_the_table_is_a_method_and_every_journal_line_cites_its_clause():
    for code, row in ACTS.items():
        assert callable(getattr(Case, code)), code
        assert row.clause and row.label
    docket = served(minutes())
    entry = docket.outcome.journal[0]
    assert (entry.act, entry.who.name, entry.at, entry.clause[:4]) == ("serve", "首问人员甲", docket.now, "合政办发")


def test_every_state_is_reached_and_can_be_left_but_for_the_merged():
    entered = {s for row in ACTS.values() for s in row.targets} | {State.NEW}
    left = {s for row in ACTS.values() if row.targets for s in row.sources}
    assert set(State) - entered == set()
    assert set(State) - left == {State.MERGED}


def test_the_choices_are_read_from_units_and_settings():
    units = [Unit("tax", "县税务局", "税务局", accepts=True, leads=True), Unit("court", "法院", "法院")]
    policy = Policy.of(units,
                       {"bounce_limit": 3, "deputy_approval": True, "maker_checker": False, "suspend_grounds": "鉴定、等待法院",
                               "county": "某县"})
    assert (policy.members, policy.accepting, policy.bounce_limit) == (("tax", "court"), ("tax",), 3)
    assert (policy.deputy_approval, policy.maker_checker, policy.suspend_grounds) == (True, False, ("鉴定", "等待法院"))
    assert policy.extension_workdays == Policy().extension_workdays
    assert {f.name for f in fields(Policy)} >= {"registration_extra"}


def test_every_guard_stands_in_the_table():
    known = {name: guard for name, guard in vars(guards).items() if isinstance(guard, guards.Guard)}
    used = {guard.says for row in ACTS.values() for guard in row.guards}
    assert [name for name, guard in known.items() if guard.says not in used] == []
    assert len({guard.says for guard in known.values()}) == len(known)

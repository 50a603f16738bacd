"""转办 in each OA: what a person handed to a unit goes to that unit's person, once; who moved it meanwhile is left in peace."""

import contextlib
import logging
from dataclasses import replace

import pytest
import requests

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.oa.conftest import connected
from tests.oa.hosts import HTML, PAYER, ROBOT, O2oaHost, SeeyonHost, WeaverHost
from tests.oa.test_contract import places, replaced
from tests.test_roundup import NEXT, RESULT

UNIT, OTHER, STRANGER = "合水县税务局", "合水县医疗保障局", "合水县司法局"
SENT = replace(RESULT, refer_to=UNIT, files={})
LATER = replace(NEXT, refer_to=UNIT)
NO, WAIT, ASK = (DeliveryRefused, False), (DeliveryDelayed, False), (DeliveryDelayed, True)
X = "com.x.base.core.project.exception."


@pytest.fixture
def platform(connect):
    return connect(referring=True)


def stands(host, label="依据"):
    return host.get(host.number, host.at[label])


def note(host):
    return stands(host, "说明")


def theirs(host, unit=UNIT):
    return host.persons[unit]


def stranger(host):
    """Return somebody who stands for no unit."""
    return {"weaver": "777", "seeyon": "-7231816252026829777", "o2oa": "某己@mj@I"}[host.adapter]


class TestHandingOn:
    def test_the_to_do_goes_to_the_person_of_the_unit_after_the_fields_stand_and_the_flow_stays(self, platform, host):
        seen = []
        host.during["refer"] = lambda: seen.append((stands(host), note(host)))
        platform.write_back(host.number, SENT, None)
        assert host.referred == [(host.number, theirs(host))] and host.held[host.number] == {theirs(host)}
        assert seen == [("四（一）", SENT.note)] and host.moved == 0

    def test_it_is_off_until_the_file_names_persons(self, connect, host):
        connect().write_back(host.number, SENT, None)
        assert host.referred == [] and host.calls["where"] == 0 and note(host) == SENT.note

    def test_a_suggestion_hands_on_nothing(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        assert host.referred == [] and stands(host) == "四（一）"

    def test_a_repeat_hands_on_nothing_more(self, platform, host):
        for _ in range(3):
            platform.write_back(host.number, SENT, None)
        assert len(host.referred) == 1 and note(host).count("〔hsdispute:") == 1

    def test_a_later_result_asks_no_more_who_holds_it(self, connect, host):
        connect(referring=True).write_back(host.number, SENT, None)
        asked = host.calls["where"]
        host.held[host.number] = {ROBOT}  # a unit's person gave it back: whose it is now is people's affair
        connect(referring=True).write_back(host.number, LATER, SENT)
        assert (host.calls["where"], len(host.referred)) == (asked, 1) and stands(host) == "四（二）"

    def test_what_a_person_hands_to_another_unit_goes_there(self, connect, host):
        platform = connect(referring=True)
        platform.write_back(host.number, SENT, None)
        host.held[host.number] = {ROBOT}  # 退单
        platform.write_back(host.number, replace(NEXT, refer_to=OTHER), SENT)
        assert [person for _, person in host.referred] == [theirs(host), theirs(host, OTHER)]

    def test_a_person_who_has_the_to_do_at_this_node_is_not_given_it_again(self, platform, host):
        host.held[host.number] = {ROBOT, theirs(host)}
        platform.write_back(host.number, SENT, None)
        assert host.referred == [] and stands(host) == "四（一）" and note(host) == SENT.note


class TestPeopleComeFirst:
    def test_a_unit_without_a_person_is_told_in_the_note(self, platform, host):
        platform.write_back(host.number, replace(SENT, refer_to=STRANGER), None)
        assert host.referred == [] and note(host).startswith(SENT.note)
        assert note(host).endswith(f"平台文件的“接收人”里没有{STRANGER}，机器人没有转办，请人工转办。")

    def test_what_a_person_moved_on_is_left_alone_and_told(self, connect, host):
        host.held[host.number] = {stranger(host)}
        told = f"不在机器人手里（已由别人转走或办理，或还没有流转到机器人），没有再转给{UNIT}，请在平台里核对"
        if host.adapter == "seeyon":  # the ledger can be written whoever holds the flow
            connect(referring=True).write_back(host.number, SENT, None)
            assert told in note(host)
        else:
            with pytest.raises(DeliveryRefused, match=r"机器人现在不能写|机器人没有权限") as caught:
                connect(referring=True).write_back(host.number, SENT, None)
            assert told in str(caught.value)
        assert host.referred == [] and host.held[host.number] == {stranger(host)}

    def test_what_a_person_takes_between_our_look_and_our_call_is_refused_by_the_host(self, platform, host):
        def clerk():
            host.held[host.number] = {stranger(host)}

        host.during["save"] = clerk
        with pytest.raises(DeliveryRefused, match=f"的建议已写好，转给{UNIT}没有办成：.*还请核对这个节点许不许转办"):
            platform.write_back(host.number, SENT, None)
        assert host.referred == [] and host.held[host.number] == {stranger(host)} and stands(host) == "四（一）"

    def test_what_a_person_hands_to_the_same_unit_meanwhile_needs_nothing_more(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        host.held[host.number] = {theirs(host)}
        platform.write_back(host.number, replace(RESULT, refer_to=UNIT), None)
        assert host.referred == []


class TestTrouble:
    @pytest.mark.parametrize(("fault", "done"), [("lost", 1), ("refused", 0)])
    def test_after_a_timeout_it_looks_where_the_to_do_is_before_anything_is_done_again(self, platform, host, fault, done):
        host.fail["refer"] = [fault]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, SENT, None)
        assert caught.value.outcome_unknown and caught.value.host_down and host.calls["refer"] == done
        platform.write_back(host.number, SENT, None)
        assert len(host.referred) == 1 and host.held[host.number] == {theirs(host)}
        assert host.calls["save"] == 1 and note(host).count("〔hsdispute:") == 1

    def test_a_look_without_an_answer_leaves_nothing_written_and_nothing_unknown(self, platform, host):
        host.fail["where"] = ["refused"]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, SENT, None)
        assert not caught.value.outcome_unknown and host.calls["save"] == 0 and host.referred == []

    def test_a_token_that_expires_just_before_is_renewed_and_the_call_sent_once_more(self, platform, host):
        host.during["save"] = host.expire
        platform.write_back(host.number, SENT, None)
        assert len(host.referred) == 1 and host.calls["token"] == 2

    def test_a_host_that_says_yes_and_does_nothing_is_found_out(self, platform, host):
        host.refer = lambda *_: None
        with pytest.raises(DeliveryDelayed, match="待办还在机器人手里。请核对这个节点许不许转办"):
            platform.write_back(host.number, SENT, None)
        assert stands(host) == "四（一）"

    @pytest.mark.parametrize("body", [HTML, "OK", "[" * 100_000, "\xff", "null"])
    def test_no_json_in_answer_may_mean_that_it_was_done(self, platform, host, body):
        host.fail["refer"] = [(200, body)]
        with pytest.raises(DeliveryDelayed, match="不是 JSON") as caught:
            platform.write_back(host.number, SENT, None)
        assert caught.value.outcome_unknown

    @pytest.mark.parametrize("body", ["7", "{}", '"x"', '{"code": "SUCCESS"}', '{"code": 0, "data": 7}', '{"data": {}}',
                                      '{"type": "success", "data": {"a": 1}}'])
    def test_json_of_another_program_is_never_taken_for_a_list_of_holders(self, platform, host, body):
        host.fail["where"] = [(200, body)]
        with pytest.raises((DeliveryDelayed, DeliveryRefused)):
            platform.write_back(host.number, SENT, None)
        assert host.referred == []

    def test_a_look_that_is_refused_still_lets_the_suggestion_stand_and_puts_the_rest_before_a_person(self, platform, host):
        answers = {"weaver": (200, {"code": "NO_PERMISSION"}), "seeyon": (200, {"code": 1, "message": PAYER[0]}),
                   "o2oa": (500, {"type": "error", "prompt": X + "ExceptionAccessDenied", "message": PAYER[0]})}
        host.fail["where"] = [answers[host.adapter]]
        with pytest.raises(DeliveryRefused, match=f"的建议已写好，转给{UNIT}没有办成：") as caught:
            platform.write_back(host.number, SENT, None)
        assert stands(host) == "四（一）" and not [word for word in PAYER if word in str(caught.value)]
        platform.write_back(host.number, SENT, None)  # mended and sent again
        assert len(host.referred) == 1

    def test_a_connection_that_is_cut_off_leaves_the_outcome_unknown(self, platform, host):
        def cut(request):
            raise requests.ConnectionError("reset")

        host.fail["refer"] = [cut]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, SENT, None)
        assert caught.value.outcome_unknown

    def test_no_payer_is_in_an_error_or_a_log(self, connect, host, caplog):
        caplog.set_level(logging.DEBUG)
        said = " ".join(PAYER)
        bodies = [{"code": "PARAM_ERROR", "errMsg": {"x": said}}, {"code": 1, "message": said}, {"status": False, "msg": said},
                  {"type": "error", "message": said, "prompt": said}, said, HTML + said]
        for kind in ("where", "refer"):
            for body in bodies:
                host.fail[kind] = [(200, body)] * 2
                host.held.clear()
                with pytest.raises((DeliveryDelayed, DeliveryRefused)) as caught:
                    connect(referring=True).write_back(host.number, SENT, None)
                assert not [w for w in PAYER if w in f"{caught.value!s}{caught.value!r}{caplog.text}"]
                host.fail[kind].clear()


@pytest.mark.parametrize(("kind", "answer", "sort", "told"), [
    (WeaverHost, {"code": "PARAM_ERROR", "errMsg": {"error_param_forwardResourceIds": PAYER[1]}}, NO, "字段 forwardResourceIds"),
    (WeaverHost, {"code": "NO_PERMISSION", "reqFailMsg": {"msgType": "NO_FORWARD_PERMISSION"}}, NO, "原因 NO_FORWARD_PERMISSION"),
    (WeaverHost, {"code": "FAIL"}, NO, "没有办成"),
    (WeaverHost, {"code": "SYSTEM_INNER_ERROR"}, ASK, "泛微内部出错：POST .*forwardRequest"),
    (WeaverHost, {"code": "USER_EXCEPTION"}, WAIT, "账号异常"),
    (SeeyonHost, {"code": 1, "message": PAYER[0]}, NO, "replaceItem（code 1）。请核对 REST 用户授权的接口和人员编号"),
    (SeeyonHost, {"code": 500, "message": PAYER[0]}, ASK, "致远内部出错"),
    (SeeyonHost, (500, {"code": "", "message": "NullPointer"}), ASK, "致远内部出错：.*HTTP 500"),
    (SeeyonHost, (403, {"message": "x"}), NO, "账号没有权限"),
    (O2oaHost, (500, {"type": "error", "prompt": X + "ExceptionAccessDenied", "message": PAYER[0]}), NO, "机器人没有权限"),
    (O2oaHost, (500, {"type": "error", "prompt": X + "ExceptionEntityNotExist", "message": PAYER[0]}), NO, "可能已办结或删除"),
    (O2oaHost, (500, {"type": "error", "prompt": "x.task.ExceptionBeforeV82TaskUnsupportedReset", "message": "x"}), NO,
     "ExceptionBeforeV82TaskUnsupportedReset"),
    (O2oaHost, (500, {"type": "error", "message": "null"}), ASK, "O2OA 内部出错"),
    (O2oaHost, {"type": "connectFatal", "message": "x"}, ASK, "O2OA 内部出错"),
])
def test_each_documented_no_is_sorted(mocked, kind, answer, sort, told):
    host = kind(mocked)
    host.fail["refer"] = [answer if isinstance(answer, tuple) else (200, answer)]
    with pytest.raises(sort[0], match=told) as caught:
        connected(host, referring=True).write_back(host.number, SENT, None)
    assert getattr(caught.value, "outcome_unknown", False) is sort[1] and stands(host) == "四（一）"
    assert not [word for word in PAYER if word in str(caught.value)]


class TestEachInItsWay:
    def test_in_o2oa_the_task_may_stay_with_the_robot_too(self, mocked):
        host = O2oaHost(mocked)
        platform = connected(host, referring=True, 保留待办="是")
        for _ in range(2):
            platform.write_back(host.number, SENT, None)
        assert host.held[host.number] == {ROBOT, theirs(host)} and len(host.referred) == 1
        platform.write_back(host.number, LATER, SENT)
        assert stands(host) == "四（二）", "so it can write what comes later"

    def test_in_weaver_and_o2oa_what_comes_after_is_put_before_a_person(self, mocked):
        for kind in (WeaverHost, O2oaHost):
            host = kind(mocked)
            platform = connected(host, referring=True)
            platform.write_back(host.number, SENT, None)
            with pytest.raises(DeliveryRefused, match=f"这件待办早先已转给{UNIT}，机器人可能不再是操作者"):
                platform.write_back(host.number, LATER, SENT)
            with pytest.raises(DeliveryRefused, match=f"早先已转给{UNIT}"):
                platform.write_back(host.number, replace(LATER, refer_to=STRANGER), SENT)
            mocked.reset()

    def test_in_weaver_somebody_to_whom_it_was_forwarded_has_it(self, mocked):
        host = WeaverHost(mocked)
        host.fail["where"] = [(200, {"code": "SUCCESS", "data": [
            {"userid": 1001, "isremark": 2}, {"userid": int(theirs(host)), "isremark": "1"}]})]
        connected(host, referring=True).write_back(host.number, SENT, None)
        assert host.referred == []

    def test_in_seeyon_a_title_holds_the_number_and_not_a_longer_one(self, mocked):
        host = SeeyonHost(mocked)
        host.new("12", "2026-11-25 09:10:00", field0021="GD-2026-00012")
        host.held["12"] = {ROBOT}
        host.forms[host.number]["field0021"] = "GD-2026-0001"
        connected(host, referring=True).write_back(host.number, SENT, None)
        assert host.referred == [(host.number, theirs(host))]

    def test_in_seeyon_two_flows_of_one_number_are_left_to_a_person(self, mocked):
        host = SeeyonHost(mocked)
        host.new("12", "2026-11-25 09:10:00", field0021=host.forms[host.number]["field0021"])
        with pytest.raises(DeliveryRefused, match=r"机器人有 2 件待办的标题里都有编号 .*分不清是哪一件，请人工转办"):
            connected(host, referring=True).write_back(host.number, SENT, None)
        assert host.referred == [] and stands(host) == "四（一）"

    @pytest.mark.parametrize("number", ["", "12"])
    def test_in_seeyon_a_row_without_a_number_is_told(self, mocked, number):
        host = SeeyonHost(mocked)
        host.forms[host.number]["field0021"] = number
        with pytest.raises(DeliveryRefused, match="台账的 “工单编号” 里没有工单编号（至少 4 个字符）"):
            connected(host, referring=True).write_back(host.number, SENT, None)
        assert host.referred == []

    def test_in_seeyon_the_to_dos_are_read_to_the_last_page(self, mocked):
        host = SeeyonHost(mocked)
        own = host.forms.pop(host.number)
        for n in range(230):
            host.new(str(n + 100), field0021=f"QT-2026-{n:04d}")
        host.forms[host.number] = own
        connected(host, referring=True).write_back(host.number, SENT, None)
        assert host.referred == [(host.number, theirs(host))]

    def test_in_seeyon_a_flow_that_comes_to_the_robot_again_is_a_change(self, mocked):
        host = SeeyonHost(mocked)
        platform = connected(host, referring=True)
        events, cursor = platform.changed("")
        assert [e.ticket_no for e in events] == [host.number] and platform.changed(cursor)[0] == ()
        host.came = {host.number: "2026-11-26 10:00:00"}
        assert [e.ticket_no for e in platform.changed(cursor)[0]] == [host.number]

    def test_in_seeyon_without_the_to_dos_only_the_ledger_is_read(self, mocked):
        host = SeeyonHost(mocked)
        connected(host).changed("")
        assert host.calls["where"] == 0 and not [c for c in mocked.calls if "/affairs/" in c.request.url]


@pytest.mark.parametrize("kind", ["where", "refer", "member"])
def test_whatever_stands_at_any_place_of_an_answer_no_other_error_comes_of_it(connect, host, kind):
    platform, good, count, answer = connect(referring=True), [], 0, host.act
    host.act = lambda k, request: [given := answer(k, request), good.append(given[1]) if k == kind else None][0]
    platform.write_back(host.number, SENT, None)
    host.act = answer
    for place in places(good[0]) if good else ():
        for value in (None, -1.5, "x", True, [], [None], {}, {"a": [1]}):
            host.fail[kind], count = [(200, replaced(good[0], place, value))] * 2, count + 1
            host.held.clear()
            for ask in (lambda: connect(referring=True).write_back(host.number, SENT, None), lambda: platform.changed("")):
                with contextlib.suppress(DeliveryDelayed, DeliveryRefused):
                    ask()
    assert count or (host.adapter != "seeyon" and kind == "member")


@pytest.mark.parametrize(("kind", "changed", "told"), [
    (WeaverHost, {"接收人": {UNIT: "swd"}}, "“swd” 不是人员编号（id，一串数字，不是登录名）"),
    (O2oaHost, {"接收人": {UNIT: "税务丁"}}, "“税务丁” 不是身份的全称"),
    (O2oaHost, {"保留待办": "都留"}, "不在可用的里面"),
    (SeeyonHost, {"接收人": {UNIT: "-7231816252026829001"}}, "只接了台账。要转办，请写上 待办依据"),
    (SeeyonHost, {"接收人": {UNIT: "sw"}, "待办依据": "工单编号"}, "“sw” 不是人员编号"),
    (SeeyonHost, {"待办依据": " "}, "缺少 “待办依据”"),
    (WeaverHost, {"接收人": ["1002"]}, "这里应是 “名称: 取值” 的键值"),
])
def test_a_file_that_cannot_work_is_refused_at_the_start(mocked, kind, changed, told):
    with pytest.raises(RulebookError, match=told):
        connected(kind(mocked), **changed)

"""转办 in each OA: what a person handed to a unit goes to that unit's person, once; who moved it meanwhile is left in peace."""

import contextlib
import logging
from dataclasses import replace

import pytest
import requests
from structlog.testing import capture_logs

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from tests.oa.hosts import HTML, PAYER, ROBOT
from tests.oa.test_contract import places, replaced
from tests.test_roundup import NEXT, RESULT

UNIT, OTHER, STRANGER = "合水县税务局", "合水县医疗保障局", "合水县司法局"
SENT = replace(RESULT, refer_to=UNIT, files={})
LATER = replace(NEXT, refer_to=UNIT)
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


class TestAfterwards:
    @pytest.fixture
    def platform(self, connect):
        return connect(referring=True, 转走以后="不再写", with_files=True)

    def test_what_comes_later_is_not_written_where_the_file_says_so(self, platform, host):
        platform.write_back(host.number, SENT, None)
        with capture_logs() as logs:
            platform.write_back(host.number, replace(LATER, files=RESULT.files), SENT)
        if host.adapter == "seeyon":  # a ledger is written whoever holds the flow
            assert stands(host) == "四（二）" and logs == []
        else:
            assert stands(host) == "四（一）" and host.calls["upload"] == 0
            assert logs == [{"event": "result_passed_over", "key": LATER.key, "log_level": "info"}]

    def test_once_the_robot_holds_it_again_it_is_written(self, platform, host):
        platform.write_back(host.number, SENT, None)
        host.held[host.number] = {ROBOT}
        platform.write_back(host.number, LATER, SENT)
        assert stands(host) == "四（二）"

    def test_a_matter_that_goes_to_another_unit_is_never_passed_over(self, platform, host):
        platform.write_back(host.number, SENT, None)
        if host.adapter == "seeyon":
            platform.write_back(host.number, replace(LATER, refer_to=OTHER), SENT)
            assert f"没有再转给{OTHER}" in note(host)
        else:
            with pytest.raises(DeliveryRefused, match=f"没有再转给{OTHER}"):
                platform.write_back(host.number, replace(LATER, refer_to=OTHER), SENT)

    def test_what_is_not_handed_on_is_written_or_refused_as_ever(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        platform.write_back(host.number, NEXT, RESULT)
        assert stands(host) == "四（二）"


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

    def test_a_to_do_that_vanished_is_put_before_a_person_once(self, platform, host):
        def vanish():
            host.held[host.number] = {stranger(host)}

        host.during["refer"] = vanish
        with pytest.raises(DeliveryRefused, match="不在机器人手里，也没看到在接收人手里。请在平台里找到它"):
            platform.write_back(host.number, SENT, None)
        platform.write_back(host.number, SENT, None)
        assert len(host.referred) == 1

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

"""转办 in one product alone: what each refuses, how each tells who holds a to-do, and what its platform file may not say."""

from dataclasses import replace

import pytest

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.oa.conftest import connected
from tests.oa.hosts import PAYER, ROBOT, O2oaHost, SeeyonHost, WeaverHost
from tests.oa.test_referral import LATER, SENT, STRANGER, UNIT, X, stands, theirs

NO, WAIT, ASK = (DeliveryRefused, False), (DeliveryDelayed, False), (DeliveryDelayed, True)


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

    def test_in_o2oa_an_identity_that_nobody_has_does_not_lose_the_task(self, mocked):
        host = O2oaHost(mocked)
        with pytest.raises(DeliveryRefused, match="O2OA 里没有身份 “无人@x@I”，请改 接收人"):
            connected(host, referring=True, 接收人={UNIT: "无人@x@I"}).write_back(host.number, SENT, None)
        assert host.held[host.number] == {ROBOT} and host.calls["refer"] == 0 and stands(host) == "四（一）"

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

    @pytest.mark.parametrize(("state", "has_it"), [("0", True), (1, True), (5, True), (2, False), ("8", False), (11, False)])
    def test_in_weaver_who_has_not_submitted_has_it_and_who_was_told_or_is_done_has_not(self, mocked, state, has_it):
        host = WeaverHost(mocked)
        host.fail["where"] = [(200, {"code": "SUCCESS", "data": [
            {"userid": 1001, "isremark": 0}, {"userid": int(theirs(host)), "isremark": state}]})]
        connected(host, referring=True).write_back(host.number, SENT, None)
        assert (host.referred == []) is has_it

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

    def test_in_seeyon_to_dos_that_are_closed_to_us_are_told_and_stop_neither_ledger_nor_host(self, mocked):
        host = SeeyonHost(mocked)
        host.fenced = True
        with pytest.raises(DeliveryRefused, match=r"致远不让调用这个接口：GET .*affairs/pending（HTTP 401）。V8\.2SP1 起"):
            connected(host, referring=True).write_back(host.number, SENT, None)
        assert stands(host) == "四（一）" and host.referred == []
        with pytest.raises(DeliveryRefused, match="不放开的请删去平台文件的 待办依据 和 接收人"):
            connected(host, referring=True).changed("")

    def test_in_seeyon_without_the_to_dos_only_the_ledger_is_read(self, mocked):
        host = SeeyonHost(mocked)
        connected(host).changed("")
        assert host.calls["where"] == 0 and not [c for c in mocked.calls if "/affairs/" in c.request.url]


@pytest.mark.parametrize(("kind", "changed", "told"), [
    (WeaverHost, {"接收人": {UNIT: "swd"}}, "“swd” 不是人员编号（id，一串数字，不是登录名）"),
    (O2oaHost, {"接收人": {UNIT: "税务丁"}}, "“税务丁” 不是身份的全称"),
    (O2oaHost, {"保留待办": "都留"}, "不在可用的里面"), (WeaverHost, {"转走以后": "随便"}, "不在可用的里面"),
    (SeeyonHost, {"接收人": {UNIT: "-7231816252026829001"}}, "只接了台账。要转办，请写上 待办依据"),
    (SeeyonHost, {"接收人": {UNIT: "sw"}, "待办依据": "工单编号"}, "“sw” 不是人员编号"),
    (SeeyonHost, {"待办依据": " "}, "缺少 “待办依据”"),
    (WeaverHost, {"接收人": ["1002"]}, "这里应是 “名称: 取值” 的键值"),
])
def test_a_file_that_cannot_work_is_refused_at_the_start(mocked, kind, changed, told):
    with pytest.raises(RulebookError, match=told):
        connected(kind(mocked), **changed)

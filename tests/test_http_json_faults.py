"""Hosts with an interface of their own that misbehave: what is tried again, what a person must see, what a file must say."""

import pytest
import requests
import responses

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.hosts.json.host import ORDER
from tests.test_http_json import connect
from tests.test_roundup import RESULT

HOST = "http://county.invalid"
ONE = f"{HOST}/api/orders/QY-1"


@pytest.fixture
def host():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.mark.parametrize(("code", "kind", "told", "down"), [
    ("401", DeliveryDelayed, "凭证或时间戳过期", True), (500, DeliveryDelayed, "平台暂时不行", True),
    (400, DeliveryRefused, "平台不接受（接口“取单”）：GET /api/orders/QY-1 的 code 是 400", None),
    (777, DeliveryRefused, "没有说成功.*这个值若可重试，请写进“成功”的 稍后", None),
    (None, DeliveryDelayed, "没有成功标志", False), (False, DeliveryRefused, "code 是 false", None),
])
def test_a_code_in_the_body_is_sorted_like_a_status(host, code, kind, told, down):
    host.get(ONE, json={"code": code, "msg": "缴费人甲 13800000000", "data": ORDER})
    with pytest.raises(kind, match=told) as caught:
        connect(HOST).fetch("QY-1")
    assert "138" not in str(caught.value) and (down is None or caught.value.host_down == down)


@pytest.mark.parametrize("body", ["<html>请登录</html>", "[" * 100_000, '{"data": ', b"\xff\xfe"])
def test_what_is_no_json_is_tried_again(host, body):
    host.get(ONE, body=body)
    with pytest.raises(DeliveryDelayed, match="不是 JSON"):
        connect(HOST).fetch("QY-1")


@pytest.mark.parametrize("data", [None, [], 7, "x"])
def test_a_ticket_at_no_such_place_is_told(host, data):
    host.get(ONE, json={"code": 0, "data": data})
    with pytest.raises(DeliveryRefused, match="不是一个 JSON 对象"):
        connect(HOST).fetch("QY-1")


def test_another_ticket_than_the_one_asked_for_is_refused(host):
    host.get(ONE, json={"code": 0, "data": {**ORDER, "orderNum": "QY-2"}})
    with pytest.raises(DeliveryRefused, match="平台给了另一张"):
        connect(HOST).fetch("QY-1")


@pytest.mark.parametrize(("fault", "unknown"), [
    ({"body": requests.ReadTimeout("slow")}, True), ({"status": 502}, True), ({"status": 429}, False),
    ({"json": {"ok": 1}}, True), ({"body": "<html>"}, True), ({"json": {"code": 503}}, False),
])
def test_a_write_without_a_clear_answer_leaves_the_outcome_unknown(host, fault, unknown):
    host.get(ONE, json={"code": 0, "data": ORDER})
    host.post(f"{ONE}/dispatch", **fault)
    with pytest.raises(DeliveryDelayed) as caught:
        connect(HOST).write_back("QY-1", RESULT, None)
    assert caught.value.outcome_unknown is unknown


@pytest.mark.parametrize("answer", [{"json": {"code": 409}}, {"json": {"code": 0}, "status": 409}])
def test_a_repeat_that_the_host_knows_is_success(host, answer):
    calls = {"接口": {"写回": {"路径": "/api/orders/{工单}/dispatch"}}, "推送": {"整单": "是"}}
    host.post(f"{ONE}/dispatch", **answer)
    assert connect(HOST, **calls).write_back("QY-1", RESULT, None) == ""
    assert host.calls[0].request.headers["X-Idempotency-Key"] == RESULT.key


def test_no_error_holds_a_signature(host):
    host.get(ONE, status=500)
    with pytest.raises(DeliveryDelayed) as caught:
        connect(HOST, 认证={"方式": "排序MD5"}).fetch("QY-1")
    assert str(caught.value) == "平台暂时不行：GET /api/orders/QY-1 回答 HTTP 500"


@pytest.mark.parametrize(("values", "told"), [
    ({"读取": {"标题": "title"}}, "要写明 工单编号"), ({"接口": {"列表": {"路径": "/a", "更新时间": "t"}}}, "没有取单"),
    ({"接口": {"取单": {"路径": "/a"}}}, "工单进不来"),
    ({"接口": {"取单": {"路径": "api"}, "列表": {"路径": "/l"}}}, "不是以 / 开头"),
    ({"幂等": {}, "接口": {"写回": {"路径": "/w"}}, "推送": {"整单": "是"}}, "断线重发会写两次"),
    ({"幂等": {}, "接口": {"取单": {"路径": "/f"}, "说明": {"路径": "/n"}}, "推送": {"工单": "no"}}, "断线重发会出现两条"),
    ({"认证": {"方式": "HMAC-MD5"}}, "不在可用的里面"), ({"认证": {"签名内容": "{应用}{口令}"}}, "不认识的 “{口令}”"),
    ({"码表": {"颜色": {}}}, "不认识的 “颜色”"), ({"编码": "GBK2"}, "不在可用的里面"),
    ({"字段": {"主办": "a", "协办": "a"}}, "用了两次"),
])
def test_a_file_that_cannot_work_is_refused_at_the_start(values, told):
    with pytest.raises(RulebookError, match=told):
        connect(HOST, **values)

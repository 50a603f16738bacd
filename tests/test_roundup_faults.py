"""Hosts that misbehave: what is tried again, what a person must look at, when the outcome is unknown. Bodies of our own."""

import json
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from urllib3.exceptions import ProtocolError

from hsdispute_plugin.adapters import http, roundup_rest
from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.hosts.roundup.settings import connect
from tests.hosts.roundup.tracker import free_port
from tests.test_roundup import RESULT

REST = "http://tracker.invalid/rest/data"
ISSUE = {"title": "欠费", "messages": [{"id": "1"}], "creation": "2026-11-25.04:00:00", "unit": None, "helpers": []}


class Nowhere:
    url = "http://tracker.invalid"


class Down:
    url = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def platform():
    return connect(Nowhere())


@pytest.fixture
def host():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def answers(host, **attributes):
    """Let the host answer as Roundup does: an issue, its messages, what is posted."""
    host.get(f"{REST}/issue/1", json={"data": {"attributes": {**ISSUE, **attributes}, "@etag": '"e"'}})
    host.get(f"{REST}/msg", json={"data": {"collection": [{"id": "1", "content": "单位欠缴"}]}})
    host.put(f"{REST}/issue/1", json={"data": {}})
    host.post(f"{REST}/file", json={"data": {"id": "5"}})
    host.post(f"{REST}/msg", json={"data": {"id": "2"}})
    host.patch(f"{REST}/issue/1", json={"data": {}})


class TestAnswers:
    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
    def test_a_passing_fault_is_tried_again_when_the_host_says(self, platform, host, status):
        host.get(f"{REST}/issue/1", status=status, headers={"Retry-After": "7"})
        with pytest.raises(DeliveryDelayed, match=f"平台暂时不行：GET /issue/1 回答 HTTP {status}") as caught:
            platform.fetch("1")
        assert (caught.value.retry_after_s, caught.value.outcome_unknown) == (7.0, False)

    @pytest.mark.parametrize(("given", "seconds"), [
        ({"Retry-After": "Wed, 25 Nov 2026 04:02:00 GMT", "Date": "Wed, 25 Nov 2026 04:00:30 GMT"}, 90.0),
        ({"Retry-After": "Wed, 25 Nov 2026 04:00:00 GMT", "Date": "Wed, 25 Nov 2026 04:00:30 GMT"}, 0.0),
        ({"Retry-After": "Wed, 25 Nov 2026 04:02:00 GMT"}, None), ({"Retry-After": "soon"}, None), ({"Retry-After": "-1"}, None),
        ({"Retry-After": "９"}, None), ({}, None),
    ])
    def test_a_date_to_come_again_counts_from_the_hosts_own_clock(self, platform, host, given, seconds):
        host.get(f"{REST}/issue/1", status=503, headers=given)
        with pytest.raises(DeliveryDelayed) as caught:
            platform.fetch("1")
        assert caught.value.retry_after_s == seconds

    @pytest.mark.parametrize(("status", "told"), [
        (401, "账号或口令不对"), (407, "账号或口令不对"), (301, "平台要求转到别处，请核对地址"), (302, "平台要求转到别处")])
    def test_settings_that_are_wrong_fail_no_ticket(self, platform, host, status, told):
        host.get(f"{REST}/issue/1", status=status, headers={"Location": "http://elsewhere.invalid/login"})
        with pytest.raises(DeliveryDelayed, match=told):
            platform.fetch("1")

    @pytest.mark.parametrize(("status", "told"), [
        (403, "账号没有权限"), (404, "没有这张工单"), (405, "平台不接受"), (410, "平台不接受")])
    def test_a_ticket_that_the_host_will_not_give_needs_a_person(self, platform, host, status, told):
        host.get(f"{REST}/issue/1", status=status)
        with pytest.raises(DeliveryRefused, match=f"{told}.*：GET /issue/1 回答 HTTP {status}"):
            platform.fetch("1")

    @pytest.mark.parametrize("body", ["", "<html>请登录</html>", "[" * 100_000, '{"data": '])
    def test_what_is_no_json_is_tried_again(self, platform, host, body):
        host.get(f"{REST}/issue/1", body=body)
        with pytest.raises(DeliveryDelayed, match="不是 JSON"):
            platform.fetch("1")

    @pytest.mark.parametrize("body", [
        "null", "[]", "7", "{}", '{"data": []}', '{"data": {}}', '{"data": {"attributes": []}}', '{"data": {"attributes": {}}}',
        '{"data": {"attributes": {"creation": 7}}}', '{"data": {"attributes": {"creation": "today"}}}',
        '{"data": {"attributes": {"creation": "2026-11-25.04:00:00", "messages": 7}}}',
        '{"data": {"attributes": {"creation": "2026-11-25.04:00:00", "messages": ["1"]}}}',
        '{"data": {"attributes": {"creation": "2026-11-25.04:00:00", "messages": [{"id": 1}]}}}',
    ])
    def test_json_that_is_not_roundups_is_tried_again(self, platform, host, body):
        host.get(f"{REST}/issue/1", body=body)
        with pytest.raises(DeliveryDelayed, match="平台的回答不是 Roundup 的格式，请核对地址"):
            platform.fetch("1")

    @pytest.mark.parametrize("rows", [7, [7], [{"id": "1"}], [{"activity": "2026-11-25.04:00:00"}]])
    def test_a_list_that_is_not_roundups_is_tried_again(self, platform, host, rows):
        host.get(f"{REST}/issue", json={"data": {"collection": rows}})
        with pytest.raises(DeliveryDelayed, match="不是 Roundup 的格式"):
            platform.changed("")

    def test_an_answer_without_end_is_cut_off(self, platform, host, monkeypatch):
        monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
        host.get(f"{REST}/issue/1", body=b"x" * 200_000)
        with pytest.raises(DeliveryRefused, match="超过 100000 字节"):
            platform.fetch("1")


class TestWriting:
    def test_a_host_that_says_yes_and_keeps_nothing_is_found_out(self, platform, host):
        answers(host)
        with pytest.raises(DeliveryDelayed, match="工单 1 写后读回不一致：unit、helpers、category、handling、due、basis、extkey"):
            platform.write_back("1", RESULT, None)

    def test_a_note_that_somebody_came_before_is_made_once_and_added_again(self, platform, host):
        wanted = {"unit": {"name": RESULT.lead}, "helpers": [{"name": u} for u in RESULT.helpers], "category": {"name": "征缴"},
                  "handling": {"name": "一般事项"}, "due": "2026-12-01.10:00:00", "basis": RESULT.basis, "extkey": RESULT.key}
        answers(host, **wanted)
        host.replace("PATCH", f"{REST}/issue/1", status=412)
        host.patch(f"{REST}/issue/1", json={"data": {}})
        platform.write_back("1", RESULT, None)
        asked = [(c.request.method, c.request.path_url.removeprefix("/rest/data")) for c in host.calls]
        assert [a for a in asked if a[0] != "GET"] == [
            ("POST", "/file"), ("POST", "/msg"), ("PATCH", "/issue/1"), ("PATCH", "/issue/1")]

    @pytest.mark.parametrize(("fault", "told"), [
        (requests.ReadTimeout("slow"), "平台 5 秒没有回答"),
        (requests.ConnectionError(ProtocolError("cut off")), "与平台的连接断了"),
        (requests.exceptions.ChunkedEncodingError("cut off"), "请求没有完成"),
    ])
    @pytest.mark.parametrize("step", ["PUT", "POST", "PATCH"])
    def test_a_write_without_an_answer_leaves_the_outcome_unknown(self, platform, host, step, fault, told):
        answers(host)
        path = {"PUT": "issue/1", "POST": "msg", "PATCH": "issue/1"}[step]
        host.replace(step, f"{REST}/{path}", body=fault)
        with pytest.raises(DeliveryDelayed, match=f"{told}：{step} /{path}") as caught:
            platform.write_back("1", RESULT, None)
        assert caught.value.outcome_unknown

    def test_a_fault_of_the_host_in_a_write_leaves_the_outcome_unknown_but_a_full_queue_does_not(self, platform, host):
        answers(host)
        for status, unknown in ((500, True), (429, False)):
            host.replace("PUT", f"{REST}/issue/1", status=status)
            with pytest.raises(DeliveryDelayed) as caught:
                platform.write_back("1", RESULT, None)
            assert caught.value.outcome_unknown is unknown

    def test_a_read_without_an_answer_is_simply_asked_again(self, platform, host):
        host.get(f"{REST}/issue/1", body=requests.ReadTimeout("slow"))
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back("1", RESULT, None)
        assert not caught.value.outcome_unknown

    def test_a_write_to_a_host_that_is_down_was_surely_not_done(self):
        with pytest.raises(DeliveryDelayed, match="连不上平台：PUT /issue/1") as caught:
            Http(Down.url).call("PUT", "/issue/1", body={})
        assert not caught.value.outcome_unknown

    def test_a_host_that_accepts_and_never_answers_is_left_in_time(self):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(DeliveryDelayed, match=r"平台 0\.2 秒没有回答：PUT /issue/1") as caught:
                Http(url, timeout_s=0.2).call("PUT", "/issue/1", body={})
        assert caught.value.outcome_unknown

    def test_what_the_payer_and_the_host_said_is_in_no_error(self, platform, host):
        secret = "张三丰 13800000000"
        answers(host, title=secret)
        seen = []
        for status in (302, 400, 401, 403, 404, 429, 500):
            for method, path in (("PUT", "issue/1"), ("POST", "msg"), ("PATCH", "issue/1")):
                host.replace(method, f"{REST}/{path}", status=status, body=secret, headers={"Location": "/?tel=13800000000"})
                with pytest.raises((DeliveryDelayed, DeliveryRefused)) as caught:
                    platform.write_back("1", RESULT, None)
                seen.append(str(caught.value))
                answers(host, title=secret)
        assert len(seen) == 21 and not any("张三丰" in s or "13800000000" in s or RESULT.note in s for s in seen)


class TestReading:
    def test_the_first_message_is_the_one_of_the_lowest_number(self, platform, host):
        host.get(f"{REST}/issue/1", json={"data": {"attributes": {**ISSUE, "messages": [{"id": "10"}, {"id": "9"}]}}})
        rows = [{"id": "10", "content": "补充"}, {"id": "9", "content": "单位欠缴"}]
        host.get(f"{REST}/msg", json={"data": {"collection": rows}})
        assert platform.fetch("1").ticket.content == "单位欠缴"

    def test_a_ticket_that_changes_while_the_pages_are_read_hides_no_other(self, platform, host, monkeypatch):
        active = {str(n): f"2026-11-25.04:00:{n:02}" for n in range(1, 8)}

        def page(request):
            query = parse_qs(urlsplit(request.url).query)
            since = query.get("activity", [""])[0].removesuffix("+0000;")
            rows = sorted((at, number) for number, at in active.items() if at >= since)
            first = (int(query["@page_index"][0]) - 1) * 2
            active["1"] = "2026-11-25.04:05:00"  # somebody works on the oldest ticket meanwhile
            return 200, {}, json.dumps({"data": {"collection": [
                {"id": number, "activity": at} for at, number in rows[first : first + 2]]}})

        monkeypatch.setattr(roundup_rest, "PAGE", 2)
        host.add_callback("GET", f"{REST}/issue", page)
        assert {e.ticket_no for e in platform.changed("")[0]} == {str(n) for n in range(1, 8)}


class TestTheClient:
    def test_the_proxy_of_the_environment_is_not_used(self, monkeypatch, host):
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
        host.get("http://tracker.invalid/x", json={})
        Http(Nowhere.url).call("GET", "/x")
        assert not host.calls[0].request.req_kwargs["proxies"]

    def test_a_password_in_chinese_can_be_sent(self, host):
        host.get(f"{REST}/issue", json={"data": {}})
        connect(Nowhere(), password="口令").check()
        token = host.calls[0].request.headers["Authorization"].removeprefix("Basic ")
        assert b64decode(token).decode() == "hsdispute-robot:口令"


class TestPlatformFiles:
    def refusal(self, **values):
        with pytest.raises(RulebookError) as caught:
            connect(Nowhere(), **values)
        return str(caught.value)

    def test_everything_wrong_is_told_at_once_with_its_mend(self):
        told = self.refusal(
            地址="tracker", 账号=" ", 超时秒="很快", 可覆盖="无", 单位名称=["县税务局"], 轮询起始="昨天",
            字段={"主半": "unit", "办理": "handling", "类别": "handling"}, 读取={"姓名": "caller"})
        for sentence in (
            "“tracker” 不是网址 / not an http address\n       请写成 http://主机:端口 或 https://主机",
            "platforms/roundup.yaml  账号\n       缺少 “账号”", "“很快” 不是秒数", "可覆盖\n       这里应是列表",
            "单位名称\n       这里应是 “名称: 取值” 的键值", "“昨天” 不是时间", "字段.主半\n       不认识的 “主半”",
            "是否想写 “主办”？", "平台字段 “handling” 用了两次", "读取.姓名\n       不认识的 “姓名”",
        ):
            assert sentence in told

    @pytest.mark.parametrize("seconds", ["0", "-1", "601", "nan", "inf"])
    def test_a_timeout_is_a_sensible_number_of_seconds(self, seconds):
        assert f"“{seconds}” 不是秒数" in self.refusal(超时秒=seconds)

    def test_a_wrong_file_is_told_when_the_platforms_are_opened(self, tmp_path):
        from hsdispute_plugin.adapters import built_in
        from hsdispute_plugin.app_platforms import open_platforms
        from hsdispute_plugin.hooks.manager import Plugins

        (tmp_path / "platforms").mkdir()
        for n in ("a", "b"):
            (tmp_path / "platforms" / f"{n}.yaml").write_text("适配器: roundup\n启用: 是\n地址: 10.1.2.3\n账号: 甲\n", "utf-8")
        with pytest.raises(RulebookError) as caught:
            open_platforms(tmp_path, Plugins([built_in], installed=False))
        assert str(caught.value).count("“10.1.2.3” 不是网址") == 2

"""Trackers that misbehave in ways a real one cannot be made to, and files that are wrong. Bodies of our own."""

import json
import socket
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from urllib3.exceptions import ProtocolError

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError
from tests.hosts.request_tracker.settings import connect
from tests.test_roundup import NEXT, RESULT

REST = "http://tracker.invalid/REST/2.0"
TICKET = {
    "id": 1, "Subject": "欠费", "Status": "new", "Created": "2026-11-25T04:00:00Z", "Due": "1970-01-01T00:00:00Z",
    "Queue": {"type": "queue", "id": "3"}, "_hyperlinks": [],
    "CustomFields": [{"name": name, "id": str(n), "values": []} for n, name in enumerate(
        ("主办单位", "协办单位", "争议类别", "办理类型", "办理依据", "报送编号", "外部编号"), 10)]}
FILED = {"id": "59", "ObjectId": "1", "Type": "Create", "Created": "2026-11-25T04:00:00Z", "Creator": {"id": "rexian"}}


class Nowhere:
    url = "http://tracker.invalid"


@pytest.fixture
def platform():
    return connect(Nowhere(), token="1-23-abc", 超时秒="5")


@pytest.fixture
def host():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def answers(host, acts=(), **values):
    """Let the host answer as RT does: a ticket, its queue, its acts, what is written."""
    host.get(f"{REST}/ticket/1", json={**TICKET, **values}, headers={"ETag": '"60"'})
    host.get(f"{REST}/queue/3", json={"Name": "12345受理"})
    host.get(f"{REST}/user/23", json={"Name": "hsdispute-robot"})
    posted = list[str]()

    def history(request):
        subject = parse_qs(urlsplit(request.url).query)["query"][0].partition("Subject = ")[2]
        return 200, {}, json.dumps({"items": [FILED] if subject and posted else [] if subject else list(acts)})

    def comment(request):
        posted.append(request.url)
        return 201, {}, '["Comments added"]'

    host.add_callback("GET", f"{REST}/transactions", history)
    host.put(f"{REST}/ticket/1", json=["主办单位 合水县税务局 added"])
    host.add_callback("POST", f"{REST}/ticket/1/comment", comment)


class TestAnswers:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_a_passing_fault_is_tried_again_when_the_host_says(self, platform, host, status):
        host.get(f"{REST}/ticket/1", status=status, headers={"Retry-After": "7"}, json={"message": "Internal Server Error"})
        with pytest.raises(DeliveryDelayed, match=f"平台暂时不行：GET /ticket/1 回答 HTTP {status}") as caught:
            platform.fetch("1")
        assert (caught.value.retry_after_s, caught.value.outcome_unknown) == (7.0, False)

    def test_a_token_that_was_taken_back_fails_no_ticket(self, platform, host):
        host.get(f"{REST}/ticket/1", status=401, json={"message": "Unauthorized"})
        with pytest.raises(DeliveryDelayed, match="账号或口令不对"):
            platform.fetch("1")

    def test_a_right_that_was_taken_back_needs_a_person(self, platform, host):
        host.get(f"{REST}/ticket/1", status=403, json={"message": "Forbidden"})
        with pytest.raises(DeliveryRefused, match="账号没有权限：GET /ticket/1"):
            platform.fetch("1")

    @pytest.mark.parametrize("body", ["", "<html>请登录</html>", "[" * 100_000, '{"id": '])
    def test_what_is_no_json_is_tried_again(self, platform, host, body):
        host.get(f"{REST}/ticket/1", body=body)
        with pytest.raises(DeliveryDelayed, match="不是 JSON"):
            platform.fetch("1")

    @pytest.mark.parametrize("body", [
        "null", "[]", "7", "{}", '{"id": null}', '{"id": true}', '{"id": 1, "CustomFields": 7}', '{"id": 1, "CustomFields": [7]}',
        '{"id": 1, "CustomFields": [{"name": "x"}]}', '{"id": 1, "Status": "new", "Created": "today"}',
        '{"id": 1, "Status": "new", "Created": "2026-11-25T04:00:00Z", "Due": "soon"}',
    ])
    def test_json_that_is_not_rts_is_tried_again(self, platform, host, body):
        host.get(f"{REST}/ticket/1", body=body)
        host.get(f"{REST}/queue/3", json={"Name": "12345受理"})
        with pytest.raises(DeliveryDelayed, match="平台的回答不是 Request Tracker 的格式，请核对地址"):
            platform.fetch("1")

    @pytest.mark.parametrize("rows", [7, [7], [{"id": "1"}], [{"id": "x", "ObjectId": "1", "Type": "Set"}], [
        {"id": "1", "ObjectId": "1", "Type": "Set", "Created": "today"}]])
    def test_a_list_that_is_not_rts_is_tried_again(self, platform, host, rows):
        answers(host)
        host.replace("GET", f"{REST}/transactions", json={"items": rows})
        with pytest.raises(DeliveryDelayed, match="不是 Request Tracker 的格式"):
            platform.changed("")

    def test_words_that_cannot_be_decoded_are_tried_again(self, platform, host):
        answers(host, [FILED])
        host.get(f"{REST}/transaction/59/attachments", json={"items": [{"id": "7", "ContentType": "text/plain", "Filename": ""}]})
        host.get(f"{REST}/attachment/7", json={"Content": "////"})
        with pytest.raises(DeliveryDelayed, match="不是 Request Tracker 的格式"):
            platform.fetch("1")


class TestWriting:
    def test_a_host_that_says_yes_and_keeps_nothing_is_found_out(self, platform, host):
        answers(host)
        with pytest.raises(DeliveryRefused, match="工单 1 的 主办单位、协办单位、争议类别、办理类型、Due、办理依据、外部编号 平"):
            platform.write_back("1", RESULT, None)

    def test_messages_that_hold_a_persons_words_are_not_handed_on(self, platform, host):
        answers(host)
        told = ["办理依据 张三丰 13800000000 changed to 四（一）", "Invalid value for custom field"]
        host.replace("PUT", f"{REST}/ticket/1", json=told)
        with pytest.raises(DeliveryRefused) as caught:
            platform.write_back("1", RESULT, None)
        assert str(caught.value).endswith("平台说：Invalid value for custom field") and "张三丰" not in str(caught.value)

    @pytest.mark.parametrize(("fault", "told"), [
        (requests.ReadTimeout("slow"), "平台 5 秒没有回答"),
        (requests.ConnectionError(ProtocolError("cut off")), "与平台的连接断了"),
        (requests.exceptions.ChunkedEncodingError("cut off"), "请求没有完成"),
    ])
    @pytest.mark.parametrize(("step", "path"), [("PUT", "ticket/1"), ("POST", "ticket/1/comment")])
    def test_a_write_without_an_answer_leaves_the_outcome_unknown(self, platform, host, step, path, fault, told):
        answers(host)
        host.replace(step, f"{REST}/{path}", body=fault)
        with pytest.raises(DeliveryDelayed, match=f"{told}：{step} /{path}") as caught:
            platform.write_back("1", RESULT, None)
        assert caught.value.outcome_unknown

    @pytest.mark.parametrize(("status", "unknown"), [(500, True), (503, True), (429, False)])
    def test_a_note_that_failed_half_way_is_asked_for_before_it_is_posted_again(self, platform, host, status, unknown):
        answers(host)
        host.replace("POST", f"{REST}/ticket/1/comment", status=status)
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back("1", RESULT, None)
        assert caught.value.outcome_unknown is unknown
        asked = [parse_qs(urlsplit(c.request.url).query)["query"][0] for c in host.calls if "/transactions" in c.request.url]
        assert asked[-1] == ("ObjectType = 'RT::Ticket' AND ObjectId = 1 AND Type = 'Comment' AND Creator = 'hsdispute-robot' "
                             "AND Subject = '〔hsdispute:HS-2026-000001-1〕'")

    def test_a_refusal_of_the_note_needs_a_person(self, platform, host):
        answers(host)
        host.replace("POST", f"{REST}/ticket/1/comment", status=403, json={"message": "Permission Denied"})
        with pytest.raises(DeliveryRefused, match="账号没有权限：POST /ticket/1/comment"):
            platform.write_back("1", RESULT, None)

    def test_a_host_that_accepts_and_never_answers_is_left_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            class Silent:
                url = f"http://127.0.0.1:{silent.getsockname()[1]}"

            with pytest.raises(DeliveryDelayed, match=r"平台 0\.2 秒没有回答：GET /ticket/1"):
                connect(Silent(), token="t", 超时秒="0.2").write_back("1", RESULT, None)

    def test_only_what_differs_is_sent_and_nothing_is_emptied_that_was_not_ours(self, platform, host):
        fields = [{**f, "values": ["合水县税务局"]} if f["name"] == "主办单位" else f for f in TICKET["CustomFields"]]
        answers(host, CustomFields=fields)
        with pytest.raises(DeliveryRefused):
            platform.write_back("1", NEXT, RESULT)
        (sent,) = [c.request for c in host.calls if c.request.method == "PUT"]
        assert sent.headers["If-Match"] == '"60"'
        assert json.loads(sent.body) == {"Due": "2026-12-01 10:00:00", "CustomFields": {
            "协办单位": ["合水县医疗保障局", "合水县财政局"], "争议类别": "征缴", "办理类型": "一般事项", "办理依据": "四（二）",
            "外部编号": NEXT.key}}

    @pytest.mark.parametrize("etag", ['W/"60"', '"60-gzip"', '"60"', "60"])
    def test_a_proxy_that_packs_answers_does_not_spoil_the_etag(self, platform, host, etag):
        answers(host)
        host.replace("GET", f"{REST}/ticket/1", json=TICKET, headers={"ETag": etag})
        with pytest.raises(DeliveryRefused):
            platform.write_back("1", RESULT, None)
        assert [c.request.headers["If-Match"] for c in host.calls if c.request.method == "PUT"] == ['"60"']

    def test_what_the_payer_and_the_host_said_is_in_no_error(self, platform, host):
        secret, seen = "张三丰 13800000000", []
        for status in (302, 400, 401, 403, 404, 429, 500):
            for method, path in (("PUT", "ticket/1"), ("POST", "ticket/1/comment"), ("GET", "transactions")):
                answers(host, Subject=secret)
                host.replace(method, f"{REST}/{path}", status=status, body=secret, headers={"Location": "/?tel=13800000000"})
                with pytest.raises((DeliveryDelayed, DeliveryRefused)) as caught:
                    platform.write_back("1", RESULT, None)
                seen.append(str(caught.value))
                host.reset()
        assert len(seen) == 21 and not any("张三丰" in s or "13800000000" in s or RESULT.note in s for s in seen)


class TestPolling:
    def test_a_tracker_that_was_restored_from_an_older_copy_is_polled_on(self, platform, host):
        answers(host, [FILED])
        events, cursor = platform.changed("4711")
        assert ([e.ticket_no for e in events], cursor) == (["1"], "59")

    def test_a_tracker_without_tickets_keeps_the_cursor(self, platform, host):
        answers(host)
        assert platform.changed("") == ((), "") and platform.changed("7") == ((), "7")


class TestPlatformFiles:
    def test_everything_wrong_is_told_at_once_with_its_mend(self):
        with pytest.raises(RulebookError) as caught:
            connect(Nowhere(), token="t", 地址="rt", 账号="机器人' OR 1", 超时秒="很快", 可覆盖="无", 轮询起始="昨天",
                    字段={"时限": "办结期限", "协办": "Queue", "说明私密": "x", "类别": "Due"}, 读取={"姓名": "来电人"})
        for sentence in (
            "“rt” 不是网址", "“机器人' OR 1” 不像账号", "“很快” 不是秒数", "可覆盖\n       这里应是列表", "“昨天” 不是时间",
            "字段.时限\n       “办结期限” 不能用在这里", "字段.协办\n       “Queue” 不能用在这里",
            "字段.类别\n       “Due” 不能用在这里", "时限 只能写 Due；Queue 只能给 主办；其余写自定义字段的名称",
            "不认识的 “说明私密”", "读取.姓名\n       不认识的 “姓名”",
        ):
            assert sentence in str(caught.value)

    def test_without_a_token_nothing_is_asked(self, host):
        assert connect(Nowhere(), token="").check() == ("没有令牌：请设 HSDISPUTE_REQUEST_TRACKER_TOKEN（或 …_FILE）",)
        assert connect(Nowhere(), token="令牌").check() == ("没有令牌：请设 HSDISPUTE_REQUEST_TRACKER_TOKEN（或 …_FILE）",)
        assert len(host.calls) == 0

"""A host that only its platform file knows, over real HTTP: pulled or pushed, written once, a clerk's word never overwritten."""

import json
import time
from dataclasses import replace
from datetime import datetime

import pytest
from starlette.testclient import TestClient

from hsdispute_plugin.adapters.http_json import HttpJson
from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.app_platforms import platform_settings
from hsdispute_plugin.entrypoints.doctor import examine
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.model import SHANGHAI
from tests.hosts.json.host import APP, ORDER, SECRET, Host
from tests.test_roundup import NEXT, RESULT, TOLD

PUSH_ONLY = {"接口": {"写回": {"方法": "POST", "路径": "/api/orders/{工单}/dispatch"},
                    "说明": {"方法": "POST", "路径": "/api/orders/{工单}/notes"}},
             "推送": {"整单": "是", "数据": "data"}}
FILES = {"路径": "/api/orders/{工单}/files", "已有": "files"}


@pytest.fixture
def host():
    with Host() as served:
        yield served


def connect(url, secret=SECRET, **values):
    shipped = platform_settings("http_json", shipped_config())
    settings = {**shipped.values, "地址": url, "超时秒": "5", **values}
    return HttpJson(replace(shipped, values=settings, secret=lambda key: {"APP_KEY": APP, "SECRET": secret}[key]))


@pytest.fixture
def platform(host):
    connected = connect(host.url)
    yield connected
    connected.close()


def with_files(**values):
    return {"接口": {**platform_settings("http_json", shipped_config()).values["接口"], "附件": FILES}, **values}


class TestReading:
    def test_a_ticket_is_read_with_its_codes_and_chinese_dates(self, platform):
        ticket = platform.fetch("QY-1").ticket
        assert (ticket.ticket_type, ticket.channel, ticket.urgency, ticket.area) == ("投诉", "电话", "紧急", "老城镇")
        assert ticket.received_at == datetime(2026, 11, 2, 8, 30, tzinfo=SHANGHAI)
        assert ticket.host_due_at == datetime(2026, 12, 3, 9, 30, tzinfo=SHANGHAI)

    def test_what_we_write_makes_no_new_version_and_what_the_payer_says_does(self, platform, host):
        before = platform.fetch("QY-1").version
        platform.write_back("QY-1", RESULT, None)
        assert platform.fetch("QY-1").version == before
        host.orders["QY-1"]["majorContent"] += "，还有医保"
        assert platform.fetch("QY-1").version != before

    def test_polling_tells_every_change_once_over_pages(self, platform, host):
        host.orders |= {f"N{n}": {**ORDER, "orderNum": f"N{n}", "updateTime": f"2026-11-25 10:{n % 60:02d}:{n // 60:02d}"}
                        for n in range(250)}
        events, cursor = platform.changed("")
        assert len(events) == 251 and events[0].ticket_no == "QY-1" and len(cursor) < 200
        none, cursor = platform.changed(cursor)
        assert none == ()
        host.orders["N3"]["updateTime"] = "2026-11-25 11:00:00"
        again, _ = platform.changed(cursor)
        assert [e.ticket_no for e in again] == ["N3"]

    def test_a_row_that_is_no_ticket_stops_no_other(self, host):
        calls = {"列表": {"路径": "/api/orders", "数据": "data.list", "更新时间": "updateTime", "整单": "是", "页码参数": "page",
                       "每页参数": "size"}}
        platform = connect(host.url, 接口=calls)
        host.orders |= {"a": {"title": "没有编号"}, "b": {**ORDER, "orderNum": "B", "callTime": "后天下午"}}
        host.orders["a"]["updateTime"] = "2026-11-25 09:00:00"
        assert [(e.ticket_no, e.ticket is not None) for e in platform.changed("")[0]] == [("QY-1", True), ("B", False)]
        with pytest.raises(DeliveryRefused, match="不能按编号取单"):
            platform.fetch("B")

    @pytest.mark.parametrize("given", [
        1_764_036_000, "1764036000000", "2025-11-25T10:00:00+08:00", "2025-11-25 10:00", "20251125100000"])
    def test_a_time_may_be_written_in_many_ways(self, platform, host, given):
        host.orders["QY-1"]["callTime"] = given
        assert platform.fetch("QY-1").ticket.received_at == datetime(2025, 11, 25, 10, 0, tzinfo=SHANGHAI)

    def test_a_time_that_nobody_can_read_is_told_by_the_hosts_field(self, platform, host):
        host.orders["QY-1"]["callTime"] = "后天下午"
        with pytest.raises(DeliveryRefused, match="来电时间（callTime）") as refused:
            platform.fetch("QY-1")
        assert "后天" not in str(refused.value)


class TestSigning:
    @pytest.mark.parametrize(("host", "auth"), [
        (Host("gb18030"), {"方式": "HMAC-SHA256"}), (Host(sm3=True), {"方式": "HMAC-SM3"}),
        (Host("gb18030", old=True), {"方式": "排序MD5"}),
    ], ids=["gb18030", "sm3", "md5"])
    def test_a_host_that_checks_signatures_takes_ours(self, host, auth):
        with host:
            platform = connect(host.url, 认证=auth, 编码="GB18030" if host.encoding == "gb18030" else "UTF-8")
            platform.write_back("QY-1", RESULT, None)
            assert platform.fetch("QY-1").ticket.title == "固城镇㐂欠缴"
            assert host.orders["QY-1"]["handle"]["unit"] == RESULT.lead and len(host.orders["QY-1"]["notes"]) == 1
            with pytest.raises(DeliveryDelayed, match="凭证或时间戳过期"):
                connect(host.url, "another", 认证=auth).fetch("QY-1")


class TestWriting:
    def test_what_should_stand_stands_once_whatever_is_repeated(self, host):
        platform = connect(host.url, **with_files())
        for _ in range(3):
            platform.write_back("QY-1", RESULT, None)
        order = host.orders["QY-1"]
        assert order["handle"] == {"unit": "合水县税务局", "helpers": "合水县医疗保障局、合水县财政局", "category": "征缴",
                                   "mode": "一般事项", "due": "2026-12-01 18:00:00", "basis": "四（一）", "extKey": RESULT.key}
        assert [n["content"] for n in order["notes"]] == [RESULT.note] and len(order["files"]) == 1
        assert [len(host.said(p)) for p in ("/dispatch", "/notes", "/files")] == [1, 1, 1]

    @pytest.mark.parametrize("path", ["dispatch", "notes"])
    def test_an_answer_that_is_lost_after_the_deed_leads_to_no_second_one(self, platform, host, path):
        host.faults[path] = ["lost"]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back("QY-1", RESULT, None)
        assert caught.value.outcome_unknown
        platform.write_back("QY-1", RESULT, None)
        assert len(host.said(f"/{path}")) == 1 and len(host.orders["QY-1"]["notes"]) == 1

    def test_a_host_that_cannot_be_asked_is_protected_by_the_key(self, host):
        platform = connect(host.url, **PUSH_ONLY)
        host.faults["notes"] = ["lost"]
        with pytest.raises(DeliveryDelayed):
            platform.write_back("QY-1", RESULT, None)
        platform.write_back("QY-1", RESULT, None)
        assert len(host.said("/notes")) == 2 and len(host.orders["QY-1"]["notes"]) == 1, "asked twice, done once"

    def test_a_clerks_value_stands_and_the_note_says_so(self, platform, host):
        platform.write_back("QY-1", RESULT, None)
        host.orders["QY-1"]["handle"]["unit"] = "合水县人社局"
        platform.write_back("QY-1", NEXT, RESULT)
        order = host.orders["QY-1"]
        assert (order["handle"]["unit"], order["handle"]["basis"]) == ("合水县人社局", "四（二）")
        assert order["notes"][-1]["content"].endswith("经办人已填、未覆盖的字段：主办")

    def test_what_we_wrote_is_emptied_when_it_no_longer_holds_and_a_waiting_pool_is_nobodys(self, host):
        platform = connect(host.url, 可覆盖=["待分派"])
        host.orders["QY-1"]["handle"]["unit"] = "待分派"
        platform.write_back("QY-1", RESULT, None)
        assert host.orders["QY-1"]["handle"]["unit"] == RESULT.lead
        platform.write_back("QY-1", TOLD, RESULT)
        handle = host.orders["QY-1"]["handle"]
        assert (handle["unit"], handle["helpers"], handle["due"], handle["mode"]) == ("", "", "", "不属本机制")

    def test_a_host_that_says_yes_and_keeps_nothing_is_found_out(self, host):
        platform = connect(host.url, 读回字段={"主办": "title2"})
        with pytest.raises(DeliveryDelayed, match=r"工单 QY-1 写后读回不一致：handle\.unit"):
            platform.write_back("QY-1", RESULT, None)

    def test_a_note_may_go_with_the_fields(self, host):
        calls = {k: v for k, v in platform_settings("http_json", shipped_config()).values["接口"].items() if k != "说明"}
        platform = connect(host.url, 接口=calls, 字段={"主办": "handle.unit", "说明": "handle.remark"})
        for _ in range(2):
            platform.write_back("QY-1", RESULT, None)
        assert host.orders["QY-1"]["handle"]["remark"] == RESULT.note and len(host.said("/dispatch")) == 1


def pushed(client, body, secret=SECRET):
    stamp = str(int(time.time()))
    return client.post("/hooks/http_json", content=body, headers={
        "X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(secret, stamp, body)})


@pytest.fixture
def joined(host, tmp_path, monkeypatch):
    import shutil

    import yaml

    shutil.copytree(shipped_config(), tmp_path / "config")
    file = tmp_path / "config" / "platforms" / "http_json.yaml"

    def open_app(**changed):
        values = {**yaml.safe_load(file.read_text("utf-8")), "启用": "是", "地址": host.url, "轮询秒": "0", **changed}
        values = json.loads(json.dumps(values), parse_int=str)
        file.write_text(yaml.safe_dump(values, allow_unicode=True).replace("'是'", "是"), "utf-8")
        return App(tmp_path / "config", f"sqlite:///{tmp_path / 'cases.sqlite3'}")

    for key, value in (("APP_KEY", APP), ("SECRET", SECRET), ("WEBHOOK_SECRET", SECRET)):
        monkeypatch.setenv(f"HSDISPUTE_HTTP_JSON_{key}", value)
    return open_app


class TestTrips:
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_a_ticket_pushed_whole_becomes_one_case_and_is_written_back(self, host, joined, encoding):
        app = joined(**PUSH_ONLY)
        body = json.dumps({"data": ORDER}, ensure_ascii=False).encode(encoding)
        client = TestClient(create(app))
        assert [pushed(client, body + b" " * n).json()["outcome"] for n in range(5)] == ["new"] * 5, "five calls, five signatures"
        ended = sorted(r.outcome for _ in range(5) for r in app.reception.work_off("http_json", "w"))
        assert ended == ["accepted"] + ["known"] * 4
        assert [app.outbox.deliver_due("http_json", "w") for _ in range(2)] == [("done",), ()]
        order = host.orders["QY-1"]
        assert order["handle"]["unit"].endswith("税务局") and len(order["notes"]) == 1
        assert not [c for c in host.calls if c.startswith("GET")], "it was never asked"
        with app.store.begin() as tx:
            assert tx.case_of("http_json", "QY-1").ticket["caller_name"] == "缴费人甲"
        app.close()

    def test_a_polled_ticket_goes_the_whole_way(self, host, joined):
        app = joined()
        assert app.reception.poll("http_json", "w") == 1
        assert [r.outcome for r in app.reception.work_off("http_json", "w")] == ["accepted"]
        host.faults["dispatch"] = [500]
        assert app.outbox.deliver_due("http_json", "w") == ("queued",)
        app.close()

    @pytest.mark.parametrize(("body", "told"), [
        (b"\xff\xff", "不是 UTF-8 或 GB18030 的 JSON"), (b"[" * 90_000, "嵌套超过"), (b"7", "不是一个 JSON 对象"),
        (b'{"data": {}}', "工单编号（orderNum）"),
        (b'{"data": {"orderNum": "1", "callTime": "13800000000"}}', "来电时间（callTime）")])
    def test_what_is_no_ticket_is_refused_without_its_words(self, joined, body, told):
        app = joined(**PUSH_ONLY)
        answer = pushed(TestClient(create(app)), body)
        assert answer.status_code == 400 and told in answer.json()["error"] and "138" not in answer.json()["error"]
        app.close()

    def test_a_hint_only_is_fetched_and_our_own_act_is_nothing_to_us(self, host):
        platform = connect(host.url, 推送={"工单": "data.no", "事件编号": "id", "操作人": "by", "账号": "hsdispute"})
        event = platform.event({}, b'{"data": {"no": "QY-1"}, "id": 7, "by": "x"}')
        assert (event.ticket_no, event.event_id, event.ticket) == ("QY-1", "7", None)
        assert platform.event({}, b'{"data": {"no": "QY-1"}, "id": 8, "by": "hsdispute"}') is None
        with pytest.raises(TicketRefused, match="没有配置推送"):
            connect(host.url).event({}, b"{}")

    @pytest.mark.parametrize(("told", "read"), [
        ("2026-11-25 09:00:00", datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)), (None, None), ("昨天", None), ({"x": 1}, None)])
    def test_a_pushed_ticket_says_when_it_was_changed(self, host, told, read):
        platform = connect(host.url, 推送={"整单": "是", "数据": "data", "更新时间": "data.updateTime"})
        event = platform.event({}, json.dumps({"data": {**ORDER, "updateTime": told}}).encode())
        assert event.ticket.changed_at == read


def test_the_doctor_says_in_chinese_what_is_wrong(host, joined, tmp_path, monkeypatch):
    joined().close()
    def told():
        return "\n".join(line for line in examine(tmp_path / "config", f"sqlite:///{tmp_path / 'd'}") if "平台" in line)

    assert "✓ 平台 http_json：登录和读取正常" in told()
    del host.orders["QY-1"]["pilotLight"]
    assert "✗ 平台 http_json：工单里没有 “pilotLight”：请改 config/platforms/http_json.yaml 的 读取.紧急程度" in told()
    monkeypatch.setenv("HSDISPUTE_HTTP_JSON_SECRET", "another")
    assert "凭证或时间戳过期，请核对密钥和本机时钟：GET /api/orders 的 code 是 401" in told()
    monkeypatch.delenv("HSDISPUTE_HTTP_JSON_SECRET")
    assert "没有密钥：请设 HSDISPUTE_HTTP_JSON_SECRET" in told()


def test_the_example_of_the_guide_is_a_good_platform_file():
    import re
    from pathlib import Path

    import yaml

    (block,) = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[1] / "docs" / "http_json.md").read_text("utf-8"), re.S)
    values = yaml.load(block, yaml.BaseLoader)
    shipped = platform_settings("http_json", shipped_config())
    HttpJson(replace(shipped, values=values, secret=lambda key: "x")).close()

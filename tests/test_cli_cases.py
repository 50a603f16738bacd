"""Cases on the command line: what a clerk types from a ticket to its classification, and how refusals read."""

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
REGISTRATION = {"表单": {
    "缴费人": {"名称": "柳某某", "电话": "13800000000"}, "来访时间": "2026-11-02T09:00:00+08:00", "事项所在辖区": "老城镇",
    "反映主要事项": "单位欠缴养老保险费", "诉求": "补缴", "对方当事人": {"名称": "某砖厂"}}}
FIRST = ("--name", "张某", "--unit", "税务局", "--role", "首问人员")
GOV = ("--name", "王某", "--unit", "政府办", "--role", "政府办经办人")


@pytest.fixture
def database(tmp_path):
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    desk, store, book = app.open_desk(None, url)
    content = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"
    ticket = Ticket(ticket_no="T1", content=content, caller_name="柳某某", caller_phone="13800000000", received_at=NOW)
    desk.accept("roundup", HostTicket(ticket, "1"), book, NOW)
    book.close()
    store.close()
    return url


@pytest.fixture
def run(database, monkeypatch):
    def ran(*words, minutes=0, stdin=None):
        anywhere = words[:2] == ("case", "form")
        at = [] if anywhere or "--now" in words else ["--now", f"2026-11-02T09:{minutes:02d}:00"]
        place = [] if anywhere else ["--database", database]
        return CliRunner().invoke(commands, [*words, *place, *at], input=stdin)

    return ran


def form(tmp_path, given):
    path = tmp_path / "form.json"
    path.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_cases_are_listed_without_a_word_of_the_payer(run):
    told = run("case", "list").output
    assert told.splitlines() == ["HS-2026-000001  待登记  联办  政府办  2026-11-03 18:00 前  roundup T1", "共 1 件。"]
    line = json.loads(run("case", "list", "--format", "jsonl").output)
    assert (line["state"], line["due_at"], line["alerts"]) == ("new", "2026-11-03T18:00:00+08:00", [])
    assert run("case", "list", "--overdue").output == "共 0 件。\n"
    assert run("case", "list", "--unit", "税务局").output == "共 0 件。\n"


def test_whose_words_alarm_stands_first_and_says_who_is_to_be_told(run, tmp_path):
    came = tmp_path / "came.json"
    content = "单位欠缴养老保险没人管，再不解决我就从楼上跳下去"
    came.write_text(json.dumps({"ticket_no": "T2", "content": content}, ensure_ascii=False))
    assert run("case", "open", str(came), "--name", "张某", "--unit", "税务局").exit_code == 0
    first, second, _ = run("case", "list").output.splitlines()
    assert first.startswith("HS-2026-000002") and "2026-11-02 09:30 前" in first and "  通报110" in first
    assert second.startswith("HS-2026-000001") and "通报" not in second
    assert "police110" in json.loads(run("case", "list", "--format", "jsonl").output.splitlines()[0])["alerts"]
    settled = form(tmp_path, {"处置情况": "110已到场"})
    assert run("case", "act", "HS-2026-000002", "险情处置", *FIRST, "--form", settled).exit_code == 0
    assert "通报110" not in run("case", "list").output, "it alarms until it is dealt with"


def test_a_clerk_takes_a_ticket_by_the_words_of_the_document(run, tmp_path):
    done = run("case", "act", "HS-2026-000001", "转办", *GOV, "--form", "-", stdin='{"单位": "税务局"}', minutes=10)
    assert done.output.splitlines()[0] == ("政府办转税务局承办。王某（政府办经办人），2026年11月2日09:10。"
                                           "依据：合政办发〔2025〕30号 三（二）县政府办。")
    run("case", "act", "HS-2026-000001", "签收", *FIRST, minutes=20)
    run("case", "act", "HS-2026-000001", "受理登记", *FIRST, "--form", form(tmp_path, REGISTRATION), minutes=30)
    told = run("case", "show", "HS-2026-000001", minutes=40).output
    assert "HS-2026-000001  已登记待审核" in told
    assert "首问：税务局 张某" in told
    assert "审核分流：税务局，2026-11-03 18:00 前" in told
    assert "张某（税务局首问人员）：登记完整（待登记→已登记待审核）" in told
    assert "柳某某" not in told
    assert "13800000000" not in told


def test_what_may_be_done_now_is_said_with_its_form_and_why_the_rest_is_not(run):
    told = run("case", "acts", "HS-2026-000001", *GOV, "--all").output
    assert "转办（dispatch）：单位" in told
    assert "✗ 审核（review）：HS-2026-000001 不能“审核”：案件现在是“待登记”。" in told


def test_a_blank_form_tells_what_belongs_where(run):
    blank = json.loads(run("case", "form", "受理登记").output)
    assert blank["表单"]["缴费人"]["电话"] == ""
    assert blank["表单"]["来访时间"] == "时间 2026-01-05T09:00:00+08:00"
    assert json.loads(run("case", "form", "分类流转").output)["办理方式"] == "告知移送｜单办｜联办｜重大疑难"


@pytest.mark.parametrize(("words", "says"), [
    (("case", "show", "HS-2026-000009"), "没有案件 HS-2026-000009"),
    (("case", "list", "--state", "办完了"), "没有状态“办完了”。可用：待登记"),
    (("case", "act", "HS-2026-000001", "受理登记", *FIRST), "HS-2026-000001 不能“受理登记”"),
    (("case", "act", "HS-2026-000001", "登记一下", *FIRST), "没有“登记一下”这一步"),
    (("case", "act", "HS-2026-000001", "转办", "--name", "王某", "--unit", "交通局", "--role", "承办人"), "没有单位“交通局”"),
    (("case", "act", "HS-2026-000001", "转办", "--name", "王某", "--unit", "税务局", "--role", "科长"), "没有“科长”这种身份"),
    (("case", "act", "HS-2026-000001", "转办", *GOV, "--form", "/nowhere.json"), "读不了文件"),
])
def test_refusals_are_sentences(run, words, says):
    done = run(*words)
    assert done.exit_code != 0
    assert says in done.output + str(done.exception or "")


def test_a_form_that_is_no_json_is_refused_with_the_way_to_a_blank_one(run):
    done = run("case", "act", "HS-2026-000001", "转办", *GOV, "--form", "-", stdin="单位: 税务局")
    assert (done.exit_code, done.output) == (2, "表单 - 不是 JSON（第 1 行）。用 hsdispute case form 步骤 打印一份空白的\n")


def test_the_tick_by_hand_tells_what_was_missed(run):
    assert run("tick").output == "没有到时刻的提醒。\n"
    assert run("tick", "--now", "2026-11-05T09:00:00").output == "提醒了 1 件案件。\n"
    assert run("tick", "--now", "2026-11-05T09:00:00").output == "没有到时刻的提醒。\n"
    assert "已逾期：政府办的“转办派发”11月3日18:00已逾期（期限未确认）" in run("case", "show", "HS-2026-000001").output

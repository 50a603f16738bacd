"""试算 in the browser: who may begin and end it, what they see of cases, and how a refused candidate reads."""

from datetime import timedelta

import pytest

from hsdispute_plugin import app as joined
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.editions import activate, current
from tests.console.conftest import PAYER, PHONE, serving
from tests.console.rules.conftest import Client

TRIED = """规则:
  - 编号: duty.tried
    名称: 欠费请司法局参加
    依据: 县级自定
    施行: 2025-10-27
    条件: {全部: [{受理范围: 属于本机制}, {主题: [欠费]}]}
    结论: {涉及单位: [司法局]}
    理由: 试一试
"""
EXAMPLES = """示例:
  - 规则: duty.tried
    成立: [{受理范围: 属于本机制, 主题: [欠费]}]
    不成立: [{受理范围: 属于本机制, 主题: [退费]}, {受理范围: 存疑, 主题: [欠费]}]
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory, cheap_hashes):
    def prepared(config):
        settings, duty = config / "settings.yaml", config / "rules" / "duty.yaml"
        settings.write_text(settings.read_text("utf-8").replace("    值: 200\n", "    值: 3\n"), "utf-8")
        activate(config, joined.clock(), "测试", "首次启用")
        duty.write_text(duty.read_text("utf-8").replace("规则:\n", TRIED, 1), "utf-8")
        (config / "examples" / "tried.yaml").write_text(EXAMPLES, "utf-8")

    with serving(tmp_path_factory.mktemp("shadow"), prepared) as served:
        yield served


@pytest.fixture(scope="module")
def _states():
    return {}


@pytest.fixture
def client(console):
    return lambda login: Client(console.app, login)


def arrive(console, count, first=0):
    desk, book, now = console.app.desk, console.app.book, joined.clock()
    rows = []
    for n in range(first, first + count):
        ticket = Ticket(ticket_no=f"S{n}", content="老城镇的砖厂欠缴养老保险八个月，请税务局查处", caller_name=PAYER,
                        caller_phone=PHONE, received_at=now - timedelta(hours=n))
        rows.append(desk.accept("roundup", HostTicket(ticket, "1"), book, now)[0])
    return rows


def test_from_the_draft_to_the_edition_in_force_in_the_browser(console, signed_in, client, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/rules/shadow")
    axe(page)
    shot(page, "shadow-start")
    page.get_by_label("为什么试").fill("欠费都请司法局参加")
    page.get_by_label("百分之几的新工单").fill("50")
    page.get_by_role("button", name="检查并开始试算").click()
    page.get_by_role("heading", name="正在试算").wait_for(timeout=30_000)
    begun = console.app.shadows.running()
    assert begun.share == 50 and begun.began_by == "郑某（税务局专班办公室）"
    rows = arrive(console, 8)
    assert {r.edition for r in rows} == {begun.candidate, begun.live}
    page.goto(f"{console.url}/rules/shadow")
    page.get_by_role("heading", name="哪些结论会变").wait_for()
    told = page.inner_text("main")
    assert "加 司法局" in told and "duty.tried 8" in told and "建议有变的 8 张" in told
    assert page.get_by_role("link", name=rows[0].case_no).get_attribute("href").endswith(f"/cases/{rows[0].case_no}")
    assert PAYER not in page.content() and PHONE not in page.content() and "砖厂" not in page.content()
    axe(page)
    shot(page, "shadow-running")
    admin = client("admin").get("/rules/shadow/report").text  # may run it, may see no case
    assert rows[0].case_no in admin and f"/cases/{rows[0].case_no}" not in admin
    page.get_by_label("启用的依据").fill("会议纪要〔2026〕3号")
    page.get_by_role("button", name=f"启用 {begun.candidate} 版").click()
    page.get_by_text("以前试算过的").wait_for(timeout=30_000)
    assert current(console.app.directory) == begun.candidate
    assert "会议纪要〔2026〕3号" in page.inner_text("main")
    saved = client("auditor").get(f"/rules/shadow/{begun.id}.html")
    assert saved.status_code == 200 and "规则试算" in saved.text and "<script" not in saved.text
    axe(page)
    shot(page, "shadow-ended")


def test_who_may_not_run_it_sees_it_and_who_may_not_read_rules_does_not(client):
    assert client("director").get("/rules/shadow").status_code == 200
    assert 'action="/console/rules/shadow/start"' not in client("director").get("/rules/shadow").text
    assert client("director").post("/rules/shadow/start", edition="work", why="试").status_code in (403, 404)
    assert client("tax").get("/rules/shadow").status_code in (403, 404)
    assert client("tax").get("/rules/shadow/1.html").status_code in (403, 404)
    assert client("admin").get("/rules/shadow/99.html").status_code == 404
    assert client("admin").get("/rules/shadow/x.html").status_code == 404


def test_what_is_refused_says_why_and_keeps_what_was_typed(console, client):
    admin = client("admin")
    assert "没有正在试算的版次" in admin.post("/rules/shadow/stop", why="").text
    assert "没有正在试算的版次" in admin.post("/rules/shadow/promote", why="纪要").text
    told = admin.post("/rules/shadow/start", edition="0000", why="再试", share="20", unit="tax")
    assert told.status_code == 422 and "没有版次 “0000”" in told.text
    assert 'value="再试"' in told.text and 'value="20"' in told.text and 'value="tax" checked' in told.text
    assert "试点的百分数写 0 到 100" in admin.post("/rules/shadow/start", edition="work", why="x", share="101").text
    assert "请写为什么试" in admin.post("/rules/shadow/start", edition="work").text
    periods = console.app.directory / "deadlines.yaml"
    whole = periods.read_text("utf-8")
    periods.write_text(whole.replace("受理登记, 数值: 0,", "受理登记, 数值: 一,"), "utf-8")
    told = admin.post("/rules/shadow/start", edition="work", why="再试")
    assert told.status_code == 422 and "deadlines.yaml" in told.text
    periods.write_text(whole.replace("受理登记, 数值: 0,", "受理登记, 数值: 1,"), "utf-8")
    assert "开始试算" in admin.post("/rules/shadow/start", edition="work", why="再试").text
    assert "没有可试的" not in client("admin").get("/rules/shadow").text
    told = admin.post("/rules/shadow/promote", why="纪要")
    assert told.status_code == 422 and "只试算过 0 张工单，至少要 3 张" in told.text
    assert "停止试算，报告已留存" in admin.post("/rules/shadow/stop", why="够了").text


def test_where_the_county_wants_two_the_one_who_began_does_not_put_in_force(console, client, monkeypatch):
    monkeypatch.setattr("hsdispute_plugin.entrypoints.console.shadow.two_needed", lambda visit: True)
    office = client("office")
    assert "试点等于部分启用" in office.post("/rules/shadow/start", edition="work", why="再试", share="10").text
    assert "开始试算" in office.post("/rules/shadow/start", edition="work", why="再试").text
    for login in ("office", "admin"):
        assert "请专班办公室或专班主任来启用，不能是开始试算的人" in client(login).post("/rules/shadow/promote", why="纪要").text
    assert "只试算过 0 张工单" in client("director").post("/rules/shadow/promote", why="纪要").text
    office.post("/rules/shadow/stop", why="够了")

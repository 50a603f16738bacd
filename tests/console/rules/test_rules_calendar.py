"""A year month by month; the notice of the State Council goes into the draft, and what does not fit is named."""

from hsdispute_plugin.rules.load import load
from tests.test_calendar_notice import NOTICE_2026

NOTICE_2027 = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕99号（编造）
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。10月9日（周六）上班。"""


def test_a_year_is_shown_with_rest_and_make_up_days(console, signed_in, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/rules/calendar/2026")
    assert page.locator(".month").count() == 12
    known = console.app.book.source.calendar.year(2026)
    assert page.locator(".month .rest").count() == len(known.rest) and page.locator(".month .work").count() == len(known.work)
    assert page.locator(".month").nth(9).locator(".work").inner_text() == "10班"
    assert "国办发明电〔2025〕7号" in page.inner_text("main") and page.get_by_label("通知原文").count() == 0
    axe(page)
    shot(page, "rules-calendar")
    page.goto(f"{console.url}/rules/calendar/2027")
    assert page.locator("h1 .tag").inner_text() == "暂定"
    page.goto(f"{console.url}/rules/calendar/2031")
    assert "没有这一年的日历文件" in page.inner_text("main")


def test_the_notice_goes_into_the_draft(console, signed_in, client, draft, lines, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/calendar/2027")
    page.get_by_label("通知原文").fill(NOTICE_2027.replace("共7天", "共8天"))
    page.get_by_role("button", name="写进草稿").click()
    said = page.get_by_role("alert").inner_text()
    assert "第 4 行" in said and "共8天，读出来是 7 天" in said
    assert "共8天" in page.get_by_label("通知原文").input_value()
    axe(page)
    shot(page, "rules-calendar-wrong")
    page.get_by_label("通知原文").fill(NOTICE_2027)
    page.get_by_role("button", name="写进草稿").click()
    page.get_by_text("已写进草稿：休 10 天，调休上班 1 天。").wait_for()
    assert "草稿，没有生效" in page.inner_text("h1") and page.locator(".month .rest").count() == 10
    assert load(draft.directory).calendar.year(2027).source == "国办发明电〔2026〕99号"
    assert lines()[-1].why == "calendar/2027.yaml：导入国办发明电〔2026〕99号，休 10 天，调休上班 1 天"
    assert "草稿里的这一年与生效的不同" in client("auditor").get("/rules/calendar/2027").text


def test_an_official_year_is_replaced_only_on_purpose(client, draft):
    admin, before = client("admin"), draft.read("calendar/2026.yaml")
    text = NOTICE_2026.replace("至3日（周六）放假调休，共3天。1月4日（周日）上班。", "放假1天。")
    refused = admin.post("/rules/calendar/import", text=text)
    assert refused.status_code == 409 and "已是正式日历" in refused.text and draft.read("calendar/2026.yaml") == before
    assert admin.post("/rules/calendar/import", text=text, replace="yes").status_code == 200
    assert len(load(draft.directory).calendar.year(2026).rest) == 31
    assert admin.post("/rules/calendar/import", text=" ").status_code == 422


def test_calendars_are_read_by_readers_and_changed_by_administrators(client, draft):
    for login in ("tax", "gov"):
        assert client(login).get("/rules/calendar").status_code == 403
    assert client("auditor").get("/rules/calendar").status_code == 200
    for year in ("1999", "abcd", "20261"):
        assert client("auditor").get(f"/rules/calendar/{year}").status_code == 404
    for login in ("office", "director", "auditor", "tax"):
        assert client(login).post("/rules/calendar/import", text=NOTICE_2027).status_code == 403
    admin = client("admin")
    admin.csrf = "of another session"
    assert admin.post("/rules/calendar/import", text=NOTICE_2027).status_code == 403

"""What leaders and the office see: the board, statistics with their files, and how the gateway runs."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.reports import span_of
from hsdispute_plugin.store_rows import NewEvent
from tests.console.conftest import PASSWORD, PAYER


@pytest.fixture
def browse(console):
    """A function that gives a client signed in as one of ``PEOPLE``, without a browser."""
    def as_(login: str) -> TestClient:
        client = TestClient(create(console.app), base_url="http://testserver", follow_redirects=True)
        assert client.post("/console/login", data={"login": login, "password": PASSWORD}).status_code == 200
        return client
    return as_


def csrf(client) -> str:
    return client.get("/console/operations").text.split('name="csrf" value="')[1].split('"')[0]


def test_the_board_names_what_is_late_due_and_dangerous(console, signed_in, axe, shot):
    page = signed_in("director")
    page.goto(f"{console.url}/board")
    page.get_by_role("heading", name="本月收到的案件").wait_for()
    assert console.numbers["danger"] in page.locator(".alarm").inner_text()
    assert "通报110" in page.locator(".alarm").inner_text()
    told = page.locator(".alarm tbody tr").all_inner_texts()
    assert "通报110" in told[0], "danger goes first"
    assert all("110" in t or "网信办" in t or "核实" in t for t in told), "that a matter is major is no danger"
    with console.app.store.begin() as tx:
        counts, late = tx.count_inbox(joined.clock()), tx.overdue_by_unit(joined.clock())
    assert [int(n) for n in page.locator("#colours dd").all_inner_texts()] == [
        counts[colour] for colour in ("red", "orange", "yellow", "green")]
    assert page.locator("[aria-labelledby=h-late] tbody tr").count() == len(late) > 0
    charts = page.locator("canvas").count()
    assert charts >= 2
    page.evaluate("document.querySelectorAll('canvas').forEach(c => c.remove())")
    page.evaluate("htmx.ajax('GET', location.pathname, '#board')")  # as it does once a minute
    page.locator("canvas").nth(charts - 1).wait_for()
    assert PAYER not in page.content()
    axe(page)
    shot(page, "board")


def test_the_board_and_the_statistics_are_for_leaders(browse):
    assert browse("tax").get("/console/board").status_code in (403, 404)
    assert browse("admin").get("/console/statistics").status_code in (403, 404)
    assert browse("head").get("/console/board").status_code == 200


def test_statistics_are_shown_and_saved_as_files(console, signed_in, browse, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/statistics")
    assert page.get_by_role("heading", name="总体").is_visible()
    axe(page)
    shot(page, "statistics")
    page.select_option("#span", "warning")
    page.get_by_role("button", name="统计").click()
    assert page.get_by_role("heading", name="苗头预警").is_visible()
    client, month = browse("office"), f"{joined.clock().astimezone(SHANGHAI):%Y-%m}"
    sheet = load_workbook(BytesIO(client.get(f"/console/statistics/{month}.xlsx").content))["总体"]
    with console.app.store.begin() as tx:
        opened = tx.opened_by_day(span_of(month)[0], SHANGHAI)
    assert sheet["B4"].value == sum(opened.values())
    assert "word/document.xml" in zipfile.ZipFile(BytesIO(client.get(f"/console/statistics/{month}.docx").content)).namelist()
    assert client.get(f"/console/statistics/{month}.exe").status_code == 404
    assert client.get("/console/statistics/2026-13.xlsx").status_code == 404
    refused = client.get("/console/statistics?span=2026-13")
    assert refused.status_code == 422 and "没有“2026-13”这样的时段" in refused.text


@pytest.mark.parametrize(("text", "days"), [
    ("2026-12", 31), ("2026-Q4", 92), ("2027-Q1", 90), ("2026-00", None), ("2026-Q5", None)])
def test_a_span_is_a_month_or_a_quarter(text, days):
    span = span_of(text)
    assert (span and (span[1] - span[0])) == (days and timedelta(days=days))


def test_what_could_not_be_delivered_is_sent_again(console, browse):
    now = joined.clock()
    with console.app.store.begin() as tx:
        row = tx.outbox(("queued",), 1)[0]
        claimed = tx.claim(row.platform, "somebody", now, 1)
        assert claimed and tx.settle(claimed[0].id, "somebody", "dead", now, error="平台说没有这张工单")
    client = browse("admin")
    said = client.get("/console/operations").text
    assert claimed[0].key in said and "平台说没有这张工单" in said
    mark = csrf(client)
    assert "已排队重发 1 条" in client.post("/console/operations/resend", data={"csrf": mark, "key": claimed[0].key}).text
    assert claimed[0].key not in client.get("/console/operations").text
    assert "没有选中" in client.post("/console/operations/resend", data={"csrf": mark}).text


def test_a_ticket_that_could_not_be_taken_in_is_shown_and_taken_up_again(console, browse):
    now = joined.clock()
    with console.app.store.begin() as tx:
        tx.add_events([NewEvent("rt", "poison", "9", "created")], now)
        event = next(e for e in tx.claim_events("rt", "somebody", now, 5) if e.event_id == "poison")
        tx.settle_event(event.id, "somebody", "failed", now, error="处理这张工单时程序中止了 5 次")
    client = browse("admin")
    said = client.get("/console/operations").text
    assert f"接单-{event.id}" in said and "处理这张工单时程序中止了 5 次" in said
    sent = client.post("/console/operations/resend", data={"csrf": csrf(client), "key": f"接单-{event.id}"}).text
    assert "已排队重发 1 条" in sent
    with console.app.store.begin() as tx:
        assert event.id not in {e.id for e in tx.failed_events()}


def test_the_journal_is_read_on_request(console, signed_in, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/operations")
    assert page.get_by_text("没有接平台").is_visible()
    page.get_by_role("button", name="现在核对").click()
    page.get_by_text("没有被改动、删去或添加的").wait_for()
    axe(page)
    shot(page, "operations")

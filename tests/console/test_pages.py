"""In a real browser: the door and the inbox read well, are usable by everyone, and ask nothing of other servers."""

from tests.console.conftest import watch


def test_the_door(console, browser, axe, shot):
    faults = []
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    watch(page, console.url, faults)
    page.goto(f"{console.url}/inbox")
    assert page.get_by_role("heading", name="登录").is_visible()
    page.keyboard.press("Tab")
    axe(page)
    shot(page, "login")
    page.fill("#login", "tax")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.get_by_text("登录名或口令不对").wait_for()
    axe(page)
    context.close()
    assert faults == []


def test_the_inbox_of_the_office_shows_all_cases_and_narrows_by_colour(console, signed_in, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/")
    assert page.get_by_role("heading", name="收件箱").is_visible()
    shown = set(page.locator("tbody td[data-name=案号] a").all_inner_texts())
    assert set(console.numbers.values()) <= shown
    dangerous = page.locator("tbody tr", has_text="通报110").locator("td[data-name=案号] a").all_inner_texts()
    assert console.numbers["danger"] in dangerous and console.numbers["joint"] not in dangerous
    axe(page)
    shot(page, "inbox")
    page.get_by_role("link", name="逾期").click()
    assert page.locator("tbody tr").count() >= 1
    assert set(page.locator("tbody td[data-name=时限]").all_inner_texts()) == {"逾期"}
    page.fill("#q", "HS-1999")
    page.get_by_role("button", name="筛选").click()
    assert page.get_by_text("没有这样的案件").is_visible()


def test_the_skip_link_is_the_first_stop_of_the_keyboard(console, signed_in):
    page = signed_in("tax")
    page.goto(f"{console.url}/inbox")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_account_page(console, signed_in, axe, shot):
    page = signed_in("auditor")
    page.goto(f"{console.url}/account")
    assert page.get_by_role("heading", name="我的账号").is_visible()
    axe(page)
    shot(page, "account")


def test_an_auditor_reads_the_journal_and_no_case(console, signed_in, axe, shot):
    page = signed_in("auditor")
    page.goto(f"{console.url}/")
    assert page.get_by_role("heading", name="办理日志").is_visible()
    page.fill("#q", console.numbers["joint"])
    page.get_by_role("button", name="查找").click()
    assert set(page.locator("td[data-name=案号]").all_inner_texts()) == {console.numbers["joint"]}
    assert "张某（税务局首问人员）" in page.locator("td[data-name=谁]").all_inner_texts()
    assert "柳小草" not in page.content()
    axe(page)
    shot(page, "log")
    assert page.request.get(f"{console.url}/cases/{console.numbers['joint']}").status == 403


def test_the_journal_is_read_page_by_page(console, signed_in, monkeypatch):
    from hsdispute_plugin.entrypoints.console import audit

    monkeypatch.setattr(audit, "PER_PAGE", 2)
    page = signed_in("auditor")
    page.goto(f"{console.url}/log")
    first = page.locator("td[data-name=序号]").all_inner_texts()
    page.get_by_role("link", name="更早").click()
    page.wait_for_url(lambda url: "before=" in url)
    second = page.locator("td[data-name=序号]").all_inner_texts()
    assert [int(n) for n in (*first, *second)] == sorted({int(n) for n in (*first, *second)}, reverse=True)
    assert len({*first, *second}) == 4

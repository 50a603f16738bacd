"""The rules as people read them: tables, the text as typed, and every number that nobody confirmed."""

import pytest

from hsdispute_plugin.rules.rulebook import FAMILIES
from tests.console.rules.conftest import until

READING = ("/rules", "/rules/families/duty", "/rules/typed/duty", "/rules/numbers", "/rules/draft",
           "/rules/draft/file/settings.yaml")


def test_each_family_is_a_table_and_a_text(console, signed_in, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/rules")
    assert [f.label for f in console.app.book.source.families] == page.locator("tbody td[data-name=规则族]").all_inner_texts()
    assert console.app.book.edition in page.inner_text("main")
    axe(page)
    shot(page, "rules")
    page.get_by_role("link", name="职责认定", exact=True).click()
    rules = next(f.rules for f in console.app.book.source.families if f.code == "duty")
    assert page.locator("tbody tr").count() == len(rules)
    row = page.locator("[id='duty.finance']").inner_text()
    for said in ("机关事业单位经费", "情形含 机关事业单位", "涉及单位：财政局", "合政办发〔2025〕30号"):
        assert said in row
    axe(page)
    shot(page, "rules-family")
    page.get_by_label("只看含有这些字的规则").press_sequentially("网信")
    until(page, "document.querySelectorAll('tbody tr').length < 6")
    assert all("网信" in text for text in page.locator("tbody tr").all_inner_texts())
    page.get_by_role("link", name="原文（YAML）").click()
    assert "规则族: 职责认定" in page.locator(".typed").inner_text()
    axe(page)
    shot(page, "rules-typed")


def test_unconfirmed_numbers_stand_on_one_page_with_value_and_basis(console, signed_in, axe, shot):
    page = signed_in("director")
    page.goto(f"{console.url}/rules/numbers")
    text = page.inner_text("main")
    for said in ("单独办理办结", "5 工作日", "参照济南、潍坊12345条例五个工作日", "共同反映达到多少人记为情形“多人”",
                 "专班办公室", "十人以上同一诉求（grounds.group10）", "已逾期（level.overdue）", "作息时间"):
        assert said in text, said
    assert page.get_by_role("link", name="改或确认").count() == 0
    axe(page)
    shot(page, "rules-numbers")


def test_an_auditor_reads_every_page_and_can_change_nothing(console, signed_in, axe):
    page = signed_in("auditor")
    page.goto(f"{console.url}/rules")
    tabs = page.locator("nav[aria-label=规则册的页面] a").evaluate_all("links => links.map(a => a.href)")
    assert len(tabs) >= 8
    for address in [*tabs, f"{console.url}/rules/draft/file/rules/duty.yaml", f"{console.url}/rules/words?q=欠缴"]:
        assert page.goto(address).status == 200
        assert page.locator("main form[method=post] button:not([type=button])").count() == 0
        axe(page)
    page.goto(f"{console.url}/rules/draft/file/rules/duty.yaml")
    assert page.get_by_label("内容（YAML）").get_attribute("readonly") is not None
    assert page.get_by_role("button", name="存进草稿").count() == 0


@pytest.mark.parametrize("path", READING)
def test_rules_are_read_by_those_who_answer_for_them(client, path):
    for login in ("office", "director", "auditor", "admin"):
        assert client(login).get(path).status_code == 200
    for login in ("first", "tax", "head", "archivist", "hr", "cyber", "gov"):
        assert client(login).get(path).status_code == 403


@pytest.mark.parametrize("path", ["/rules/families/none", "/rules/typed/none", "/rules/draft/file/none.yaml",
                                  "/rules/draft/file/platforms/roundup.yaml", "/rules/draft/file/..%2f..%2fetc%2fpasswd",
                                  "/rules/draft/file/editions/history.jsonl", "/rules/numbers/change?file=units.yaml&key=tax"])
def test_what_is_no_rule_is_not_found(client, path):
    assert client("admin").get(path).status_code == 404


def test_every_family_is_shown_whole(client):
    for code in FAMILIES:
        assert client("auditor").get(f"/rules/families/{code}").status_code == 200
        assert "规则族" in client("auditor").get(f"/rules/typed/{code}").text

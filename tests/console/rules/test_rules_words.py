"""A word in the draft: found, looked at with the tickets it touches, added, taken out; case numbers only for those with cases."""

import pytest

from hsdispute_plugin.rules.draft import DraftFile
from hsdispute_plugin.rules.load import load
from tests.console.rules.conftest import until

FILE, WORD = "lexicon/topic-words.yaml", "从楼上跳下去"


def row_of(draft, tag="退费"):
    from hsdispute_plugin.entrypoints.console.rules_words import entries

    return next(e for e in entries(draft) if e.file.name == FILE and e.tag == tag)


def test_a_word_is_looked_at_and_added_to_the_draft(console, signed_in, draft, lines, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/words")
    axe(page)
    shot(page, "rules-words")
    page.get_by_label("含有这些字的词").fill("重复缴")
    page.get_by_role("button", name="查", exact=True).click()
    chips = page.locator("section .chip:not([href*='tag='])").all_inner_texts()
    assert "重复缴费" in chips and all("重复" in c for c in chips)
    axe(page)
    page.locator("a[href*='tag=']", has_text="退费").first.click()
    entry = page.locator("section", has=page.locator(f"a[href$='{FILE}']"))
    entry.get_by_label("新的词").fill("交了兩次")
    entry.get_by_role("button", name="看一看再加").click()
    page.get_by_role("button", name="数一数").click()
    until(page, "!!document.querySelector('#touched strong')")
    assert page.inner_text("#touched strong") == "4 张工单里，1 张说到“交了兩次”。"  # 缴了两次
    axe(page)
    shot(page, "rules-word")
    page.get_by_role("button", name="加进草稿").click()
    page.get_by_text("已在草稿里加上 “交了兩次”，启用以后才生效。").wait_for()
    assert "交了兩次" in row_of(draft).words["词"]
    assert lines()[-1].why == f"{FILE}：主题 退费 的词 加上 “交了兩次”"
    page.get_by_role("link", name="交了兩次", exact=True).click()
    page.get_by_role("button", name="从草稿里删去").click()
    page.get_by_text("已在草稿里删去 “交了兩次”").wait_for()
    assert draft.read(FILE).text == draft.live_text(FILE)


def test_the_tickets_a_word_touches_are_counted_for_all_and_named_for_those_with_cases(console, client, signed_in, draft):
    page = signed_in("office")
    page.goto(f"{console.url}/rules/words/word?file={FILE}&row={row_of(draft).row}&list=词&word={WORD}")
    page.get_by_role("button", name="数一数").click()
    until(page, "!!document.querySelector('#touched strong')")
    assert "4 张工单里，1 张" in page.inner_text("#touched")
    assert page.locator("#touched a").all_inner_texts() == [console.numbers["danger"]]
    for login in ("admin", "auditor"):
        told = client(login).get(f"/rules/words/touched?word={WORD}").text
        assert "4 张工单里，1 张" in told and console.numbers["danger"] not in told
    assert "<strong>" not in client("admin").get("/rules/words/touched?word=别的").text
    assert client("admin").post("/rules/words/touch", word="繳了兩次", file=FILE, row="0", list="词").status_code == 200


def test_what_would_not_load_is_not_written(client, draft):
    entry, admin = row_of(draft), client("admin")
    given = {"file": FILE, "row": str(entry.row), "list": "词", "seen": entry.file.mark}
    twice = admin.post("/rules/words/add", word=entry.words["词"][0], **given)
    assert twice.status_code == 422 and "已经在里面了" in twice.text
    alike = admin.post("/rules/words/add", word="退保費", **given)
    assert alike.status_code == 422 and "重复" in alike.text
    assert admin.post("/rules/words/remove", word="没有的词", **given).status_code == 422
    assert admin.post("/rules/words/add", word="", **given).status_code == 422
    assert admin.post("/rules/words/add", word="x", **given | {"file": "notices.yaml"}).status_code == 422
    late = admin.post("/rules/words/add", word="保费收重茬了", **given | {"seen": "old"})
    assert late.status_code == 409 and "已被别人改过" in late.text
    assert draft.read(FILE) == DraftFile(FILE, entry.file.text, entry.file.mark)
    admin.post("/rules/words/add", word="保费收重茬了", **given)
    assert any(s.tag == "退费" for s in load(draft.directory).words.phrases["保费收重茬了"])


@pytest.mark.parametrize("path", ["/rules/words/add", "/rules/words/remove"])
def test_words_are_changed_by_administrators_only(client, draft, path):
    entry = row_of(draft)
    given = {"file": FILE, "row": str(entry.row), "list": "词", "seen": entry.file.mark, "word": entry.words["词"][0]}
    for login in ("office", "director", "auditor", "tax"):
        assert client(login).post(path, **given).status_code == 403
    admin = client("admin")
    admin.csrf = "of another session"
    assert admin.post(path, **given).status_code == 403
    assert draft.read(FILE).mark == entry.file.mark


def test_looking_is_for_readers_and_counting_for_those_who_try(client, draft):
    for login in ("auditor", "tax", "head"):
        assert client(login).post("/rules/words/touch", word="x").status_code == 403
    assert client("auditor").get("/rules/words?q=重复").status_code == 200
    assert client("tax").get("/rules/words").status_code == 403

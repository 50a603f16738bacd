"""The draft in the browser: what is typed is kept, what is wrong is named beside it, what is in force stays untouched."""

import pytest

from hsdispute_plugin.rules.editions import current, in_force
from tests.console.rules.conftest import until

DUTY, NUMBER = "rules/duty.yaml", "/rules/numbers/change?file=deadlines.yaml&key=self_total"


def test_an_administrator_edits_the_draft_and_sees_what_is_wrong(console, signed_in, draft, lines, axe, shot):
    live, edition = (in_force(console.app.directory) / DUTY).read_bytes(), current(console.app.directory)
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/draft")
    axe(page)
    shot(page, "rules-draft")
    page.get_by_role("link", name=DUTY, exact=True).click()
    assert page.locator(".gutter div").count() == draft.read(DUTY).text.count("\n") + 1
    axe(page)
    shot(page, "rules-editor")
    box = page.get_by_label("内容（YAML）")
    box.fill(draft.read(DUTY).text.replace("涉及单位: [财政局]", "涉及单位: [财政所]"))
    wrong = page.locator("#problems li").first
    wrong.wait_for()
    assert "财政所" in wrong.inner_text() and "是否想写 “财政局”" in wrong.inner_text()
    line = next(n for n, text in enumerate(draft.read(DUTY).text.split("\n"), 1) if "涉及单位: [财政局]" in text)
    assert page.locator(".gutter .bad").all_inner_texts() == [str(line)]
    wrong.get_by_role("button").click()
    assert "财政所" in page.evaluate("(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.activeElement)")
    axe(page)
    shot(page, "rules-editor-problem")
    page.get_by_role("button", name="存进草稿").click()
    page.get_by_text("已存进草稿，还没有生效。还有 1 处要改。").wait_for()
    assert "财政所" in draft.read(DUTY).text
    assert (in_force(console.app.directory) / DUTY).read_bytes() == live and current(console.app.directory) == edition
    assert (lines()[-1].act, lines()[-1].who) == ("改规则草稿", "陈某（税务局系统管理员）")
    assert lines()[-1].why == f"{DUTY}：加 1 行，减 1 行"
    page.goto(f"{console.url}/rules/families/duty?of=draft")
    assert "草稿里有错" in page.inner_text("h1")
    axe(page)


def test_what_was_not_saved_is_offered_again(console, signed_in, draft):
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/draft/file/notices.yaml")
    page.get_by_label("内容（YAML）").press("Control+End")
    page.keyboard.type("# 写了很久的一段话")
    until(page, "Object.values(localStorage).some(v => v.includes('写了很久'))")
    page.once("dialog", lambda d: d.accept())
    page.goto(f"{console.url}/rules/draft")
    page.goto(f"{console.url}/rules/draft/file/notices.yaml")
    assert "写了很久" not in page.get_by_label("内容（YAML）").input_value()
    page.get_by_role("button", name="拿回来").click()
    assert page.get_by_label("内容（YAML）").input_value().endswith("# 写了很久的一段话")
    page.keyboard.press("Control+s")
    page.get_by_label("内容（YAML）").press("Control+s")
    page.get_by_text("已存进草稿，还没有生效。").wait_for()
    assert draft.read("notices.yaml").text.endswith("# 写了很久的一段话\n")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_of_two_administrators_the_second_is_told_and_loses_nothing(console, signed_in, client, draft, axe, shot):
    page, other = signed_in("admin"), client("admin")
    page.goto(f"{console.url}/rules/draft/file/notices.yaml")
    before = draft.read("notices.yaml")
    other.post("/rules/draft/save", name="notices.yaml", text=before.text + "# 先存的\n", seen=before.mark)
    page.get_by_label("内容（YAML）").press("Control+End")
    page.keyboard.type("# 后存的")
    page.get_by_role("button", name="存进草稿").click()
    said = page.get_by_role("alert").inner_text()
    assert "已被别人改过" in said and "陈某" in said and "－# 先存的" in said and "＋# 后存的" in said
    assert page.get_by_label("内容（YAML）").input_value().endswith("# 后存的")
    assert draft.read("notices.yaml").text.endswith("# 先存的\n")
    axe(page)
    shot(page, "rules-editor-conflict")
    page.get_by_role("button", name="存进草稿").click()
    page.get_by_text("已存进草稿").wait_for()
    assert draft.read("notices.yaml").text.endswith("# 后存的\n")


def test_line_ends_and_the_mark_at_the_beginning_stay(console, client, draft):
    path = console.app.directory / "notices.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    before = draft.read("notices.yaml")
    sent = before.text.replace("\n", "\r\n") + "# 加一行"
    client("admin").post("/rules/draft/save", name="notices.yaml", text=sent, seen=before.mark)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith("# 加一行\r\n".encode()) and raw.count(b"\n") == raw.count(b"\r\n")


def test_a_file_that_is_no_text_is_named(console, client, draft):
    (console.app.directory / "lexicon" / "signals.yaml").write_bytes("归类: 情形\n".encode("gb18030"))
    admin = client("admin")
    assert "signals.yaml" in admin.get("/rules/draft").text and "文件不是 UTF-8 编码" in admin.get("/rules/draft").text
    assert "请在编辑器里另存为 UTF-8" in admin.get("/rules/draft/file/lexicon/signals.yaml").text
    assert "不是 UTF-8 编码" in admin.get("/rules/words").text


def test_a_file_is_made_put_back_and_taken_away(console, client, draft, lines):
    admin = client("admin")
    assert "归类: 主题" in admin.get("/rules/draft/new?folder=lexicon&stem=本县说法").text
    text = "归类: 主题\n词条:\n  - 归入: 退费\n    词: [保费收重茬了]\n"
    admin.post("/rules/draft/save", name="lexicon/本县说法.yaml", text=text, seen="")
    assert [f.differs for f in draft.files() if f.name == "lexicon/本县说法.yaml"] == ["新增"]
    mark = draft.read("lexicon/本县说法.yaml").mark
    assert "没有勾选" in admin.post("/rules/draft/remove", name="lexicon/本县说法.yaml", seen=mark).text
    assert "已被别人改过" in admin.post("/rules/draft/remove", name="lexicon/本县说法.yaml", seen="x", sure="yes").text
    admin.post("/rules/draft/remove", name="lexicon/本县说法.yaml", seen=mark, sure="yes")
    assert draft.read("lexicon/本县说法.yaml").mark == ""
    assert [line.act for line in lines()[-2:]] == ["改规则草稿", "删规则草稿"]
    (console.app.directory / "notices.yaml").write_text("# 改坏\n", "utf-8")
    assert "存了才算把草稿还原" in admin.get("/rules/draft/file/notices.yaml?from=live").text
    assert "不是规则册的文件" in admin.get("/rules/draft/new?folder=platforms&stem=x").text


def test_a_number_is_confirmed_in_the_draft(console, signed_in, client, draft, lines, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/numbers")
    page.locator("a[href$='key=self_total']").click()
    axe(page)
    shot(page, "rules-number")
    page.get_by_label("草稿里的值").fill("四天")
    page.get_by_role("button", name="写进草稿").click()
    assert "四天" in page.get_by_role("alert").inner_text() and page.get_by_label("草稿里的值").input_value() == "四天"
    assert "数值: 5" in draft.read("deadlines.yaml").text
    page.get_by_label("草稿里的值").fill("4")
    page.get_by_label("确认文号").fill("合社争办〔2026〕3号")
    page.get_by_role("button", name="写进草稿").click()
    page.get_by_text("草稿已确认或删去").wait_for()
    assert draft.source().deadlines["self_total"].amount == 4 and draft.source().deadlines["self_total"].confirmed
    assert lines()[-1].why == "deadlines.yaml：self_total 由 5 改为 4，合社争办〔2026〕3号 确认"
    said = client("admin").post("/rules/numbers/save", file="deadlines.yaml", key="self_total", value="9", paper="", seen="old")
    assert said.status_code == 409 and "已被别人改过" in said.text
    client("admin").post("/rules/numbers/save", file="settings.yaml", key="review_people", value="6", paper="",
                         seen=draft.read("settings.yaml").mark)
    assert "草稿改为 6" in client("office").get("/rules/numbers").text


def test_what_may_be_written_is_offered_where_the_caret_stands(console, signed_in, draft, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/draft/new?folder=examples&stem=mine")
    page.get_by_label("内容（YAML）").fill("示例:\n  - 规则: duty.cy")
    page.get_by_role("button", name="duty.cyber", exact=True).wait_for()
    page.keyboard.press("Control+Space")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("成立:")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("- {情形: [舆")
    page.get_by_role("button", name="舆情", exact=True).click()
    page.keyboard.insert_text("]}")
    page.get_by_label("内容（YAML）").press("ArrowUp")
    page.keyboard.press("End")
    axe(page)
    shot(page, "rules-editor-words")
    wanted = "示例:\n  - 规则: duty.cyber\n    成立:\n      - {情形: [舆情]}"
    assert page.get_by_label("内容（YAML）").input_value() == wanted


POSTS = {"/rules/draft/save": {"name": DUTY, "text": "x", "seen": ""}, "/rules/draft/look": {"name": DUTY, "text": "x"},
         "/rules/draft/words": {"name": DUTY, "text": "x", "caret": "1"},
         "/rules/draft/remove": {"name": DUTY, "seen": "", "sure": "yes"},
         "/rules/numbers/save": {"file": "deadlines.yaml", "key": "self_total", "value": "1"}}


@pytest.mark.parametrize("path", POSTS)
def test_only_an_administrator_with_the_form_of_this_session_changes_the_draft(client, draft, path):
    before = draft.read(DUTY), draft.read("deadlines.yaml")
    for login in ("office", "director", "auditor", "tax"):
        assert client(login).post(path, **POSTS[path]).status_code == 403
    admin = client("admin")
    admin.csrf = "of another session"
    assert admin.post(path, **POSTS[path]).status_code == 403
    assert (draft.read(DUTY), draft.read("deadlines.yaml")) == before

"""The draft proved in the browser: what is wrong comes with a ticket that shows it; work that broke off says so."""

import json

from hsdispute_plugin.rules.load import edition_of
from tests.console.rules.conftest import until
from tests.console.rules.test_rules_editions import change

TRIAGE, FIRST = "rules/triage.yaml", "    条件:\n      全部:\n        - 受理范围: 不属于本机制\n"


def checked(page, console):
    page.goto(f"{console.url}/rules/check")
    page.get_by_role("button", name="检查 ").click()
    until(page, "!!document.querySelector('#errand h2')")


def test_a_sound_draft_may_go_live(console, signed_in, client, draft, axe, shot):
    page = signed_in("admin")
    checked(page, console)
    text = page.inner_text("#errand")
    assert "可以启用" in text and not any("错误" in h for h in page.locator("#errand h3").all_inner_texts())
    assert "（100%）" in text and f"陈某（税务局系统管理员）检查的是 {edition_of(draft.directory)} 版" in text
    axe(page)
    shot(page, "rules-check")
    change(draft)
    assert "这一版还没有检查" in client("office").get("/rules/editions").text
    checked(page, console)
    assert "这一版检查过，可以启用" in client("office").get("/rules/editions").text


def test_what_is_wrong_is_shown_by_a_ticket(console, signed_in, client, draft, axe, shot):
    file = draft.read(TRIAGE)
    before, rule, after = file.text.partition("  - 编号: triage.lead-none\n")
    assert FIRST in after
    draft.save(TRIAGE, before + rule + after.replace(FIRST, "    条件: 总是\n", 1), file.mark)
    page = signed_in("office")
    checked(page, console)
    text = page.inner_text("#errand")
    assert "还不能启用" in text and "永远轮不到，前面的规则总是先给出结论" in text
    shown = page.locator(".problems li", has_text="永远轮不到").first
    assert "triage.lead-withheld" in shown.inner_text() and "例如：" in shown.inner_text()
    assert page.locator("q").count() > 0 and all(len(q) > 10 for q in page.locator("q").all_inner_texts())
    assert "triage.lead-none 不成立 1：条件应不成立" in page.inner_text("[aria-labelledby=h-e]")
    axe(page)
    shot(page, "rules-check-wrong")
    shown.get_by_role("link").first.click()
    assert "rules/triage.yaml" in page.inner_text("h1")
    now = draft.read(TRIAGE)
    draft.save(TRIAGE, now.text.replace("规则族: 分类流转", "规则族: 分类"), now.mark)
    assert "检查之后草稿又改过" in client("auditor").get("/rules/check").text


def test_a_draft_that_cannot_be_read_names_its_lines(console, signed_in, draft, axe):
    file = draft.read(TRIAGE)
    draft.save(TRIAGE, file.text.replace("规则族: 分类流转", "规则族: 分类"), file.mark)
    page = signed_in("director")
    checked(page, console)
    assert "谈不上证明" in page.inner_text("#errand") and page.get_by_role("link", name="rules/triage.yaml:1").count() == 1
    axe(page)


def test_work_that_broke_off_and_work_under_way_say_so(console, signed_in, client, draft, tmp_path, monkeypatch):
    monkeypatch.setenv("HSDISPUTE_CACHE", str(tmp_path))
    assert "还没有检查过" in client("admin").get("/rules/check").text
    admin = client("admin")
    admin.post("/rules/check/begin")
    (kept,) = tmp_path.glob("console-*/check.json")
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/check")
    until(page, "!!document.querySelector('#errand h2')")  # it is done: nobody holds the lock
    left = json.loads(kept.read_text("utf-8")) | {"state": "running", "result": {}, "done": 1, "total": 3}
    kept.write_text(json.dumps(left), "utf-8")
    assert "没有做完就断了" in admin.get("/rules/check").text
    import fcntl

    with kept.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert 'max="3" value="1"' in admin.get("/rules/check").text
        assert "已经有人在做了" in admin.post("/rules/check/begin").text
    assert kept.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_named(client, draft, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HSDISPUTE_CACHE", str(tmp_path / "file"))
    assert "HSDISPUTE_CACHE" in client("admin").post("/rules/check/begin").text


def test_checks_are_begun_by_those_who_try(client, draft):
    for login in ("auditor", "tax", "head"):
        assert client(login).post("/rules/check/begin").status_code == 403
    admin = client("admin")
    admin.csrf = "of another session"
    assert admin.post("/rules/check/begin").status_code == 403

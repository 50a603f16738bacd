"""A draft is put in force, or back: with a reason, as it was seen, by two where the county wants it; all in the journal."""

import shutil

import pytest

from hsdispute_plugin.accounts import Accounts
from hsdispute_plugin.app import App, clock, shipped_config
from hsdispute_plugin.case import Role
from hsdispute_plugin.rules.draft import Draft
from hsdispute_plugin.rules.draft_change import with_values
from hsdispute_plugin.rules.editions import activate, current, history, in_force
from hsdispute_plugin.rules.editions_asked import asked
from hsdispute_plugin.rules.load import edition_of
from tests.console.conftest import PASSWORD
from tests.console.rules.conftest import Client


def change(draft, name="settings.yaml", rows="设置", named=("键", "review_people"), key="值", value="4"):
    file = draft.read(name)
    draft.save(name, with_values(file.text, rows, named, {key: value}), file.mark)
    return edition_of(draft.directory)


@pytest.fixture
def two(draft):
    """The edition in force wants a second person; gives its name."""
    change(draft, named=("键", "rules_second_person"), value="是")
    return activate(draft.directory, clock(), "测试", "两个人")


def test_an_administrator_activates_and_goes_back(console, signed_in, draft, lines, axe, shot):
    first, fresh = current(draft.directory), change(draft)
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/editions")
    axe(page)
    shot(page, "rules-editions")
    page.get_by_label("为什么启用").fill("四人即算多人")
    page.get_by_role("button", name="启用", exact=True).click()
    page.get_by_text(f"已启用 {fresh} 版").wait_for()
    assert current(draft.directory) == fresh == console.app.book.edition
    assert console.app.book.source.settings["review_people"].value == 4
    assert (history(draft.directory)[-1].who, history(draft.directory)[-1].why) == ("陈某（税务局系统管理员）", "四人即算多人")
    assert (lines()[-1].act, lines()[-1].who) == ("启用规则册", "陈某（税务局系统管理员）")
    assert lines()[-1].why == f"{fresh} 版，原为 {first} 版；理由：四人即算多人"
    page.get_by_label("回到哪一版").select_option(first)
    page.get_by_label("为什么回退").fill("先按原来的办")
    page.get_by_role("button", name="回退", exact=True).click()
    page.get_by_text(f"已回退 {first} 版").wait_for()
    assert current(draft.directory) == first == console.app.book.edition
    assert lines()[-1].why == f"{first} 版，原为 {fresh} 版；理由：先按原来的办"
    assert draft.source().settings["review_people"].value == 4


def test_what_is_wrong_does_not_go_live_and_says_why(client, draft, lines):
    before, written = current(draft.directory), len(lines())
    file = draft.read("rules/duty.yaml")
    draft.save("rules/duty.yaml", file.text.replace("涉及单位: [财政局]", "涉及单位: [财政所]"), file.mark)
    said = client("admin").post("/rules/editions/activate", edition=edition_of(draft.directory), why="试试")
    assert said.status_code == 422
    for told in ("财政所", f"{before} 版仍在生效", 'value="试试"'):
        assert told in said.text
    assert current(draft.directory) == before and len(lines()) == written


def test_a_reason_is_asked_for_and_only_what_was_seen_is_activated(client, draft):
    before, seen = current(draft.directory), change(draft)
    admin = client("admin")
    assert "要写明理由" in admin.post("/rules/editions/activate", edition=seen, why=" ").text
    change(draft, value="3")
    said = admin.post("/rules/editions/activate", edition=seen, why="四人即算多人")
    assert said.status_code == 409 and "又改过" in said.text
    assert "没有版次" in admin.post("/rules/editions/rollback", edition="ffff", why="x").text
    assert current(draft.directory) == before


def test_where_two_are_needed_the_same_person_may_not_agree(console, signed_in, client, draft, two, lines, axe, shot):
    fresh = change(draft)
    admin = signed_in("admin")
    admin.goto(f"{console.url}/rules/editions")
    admin.get_by_label("为什么启用").fill("四人即算多人")
    admin.get_by_role("button", name="提请启用").click()
    admin.get_by_text(f"已提请启用 {fresh} 版").wait_for()
    assert admin.get_by_role("button", name="同意，现在启用").count() == 0
    assert current(draft.directory) == two and asked(draft.directory).why == "四人即算多人"
    assert client("admin").post("/rules/editions/approve", edition=fresh).status_code == 403
    Accounts(console.app.store).add("chen2", "陈某", "tax", (Role.OFFICE,), PASSWORD, clock())
    said = Client(console.app, "chen2").post("/rules/editions/approve", edition=fresh)
    assert said.status_code == 403 and "不能自己同意" in said.text and current(draft.directory) == two
    director = signed_in("director")
    director.goto(f"{console.url}/rules/editions")
    axe(director)
    shot(director, "rules-editions-two")
    director.get_by_role("button", name="同意，现在启用").click()
    director.get_by_text(f"已启用 {fresh} 版").wait_for()
    assert current(draft.directory) == fresh and asked(draft.directory) is None
    assert history(draft.directory)[-1].who == "陈某（税务局系统管理员），冯某（政府办专班主任）同意"
    assert [line.act for line in lines()[-3:]] == ["提请启用规则册", "同意启用规则册", "启用规则册"]


def test_a_draft_that_changed_after_it_was_asked_for_is_not_agreed_to(client, draft, two, lines):
    fresh = change(draft)
    client("admin").post("/rules/editions/activate", edition=fresh, why="四人即算多人")
    change(draft, value="3")
    said = client("office").post("/rules/editions/approve", edition=fresh)
    assert said.status_code == 409 and "草稿又改过" in said.text and current(draft.directory) == two
    assert client("office").post("/rules/editions/refuse", why=" ").status_code == 422
    client("office").post("/rules/editions/refuse", why="没有会议纪要")
    assert asked(draft.directory) is None
    assert (lines()[-1].act, lines()[-1].why) == ("不同意启用规则册", f"{fresh} 版；理由：没有会议纪要")
    assert client("office").post("/rules/editions/approve", edition=fresh).status_code == 409


def test_a_draft_cannot_spare_itself_the_second_person(client, draft, two):
    fresh = change(draft, named=("键", "rules_second_person"), value="否")
    client("admin").post("/rules/editions/activate", edition=fresh, why="一个人就行")
    assert current(draft.directory) == two and asked(draft.directory).edition == fresh
    client("admin").post("/rules/editions/rollback", edition=history(draft.directory)[0].edition, why="退回去")
    assert current(draft.directory) == two and asked(draft.directory).act == "回退"
    client("admin").post("/rules/editions/refuse", why="不退了")
    assert asked(draft.directory) is None


def test_what_the_command_line_activated_enters_the_journal_too(client, draft, lines):
    fresh = change(draft)
    activate(draft.directory, clock(), "guanli", "四人即算多人")
    client("auditor").get("/rules/editions")
    client("auditor").get("/rules/editions")
    told = [(line.act, line.why) for line in lines() if line.who == "guanli"]
    assert len(told) == 1 and told[0][0] == "启用规则册" and fresh in told[0][1]


def test_a_damaged_edition_is_named_and_mended_where_editions_are_changed(client, draft):
    edition, admin = current(draft.directory), client("admin")
    kept = in_force(draft.directory) / "notices.yaml"
    text = kept.read_text("utf-8")
    kept.write_text(text + "# 有人动过\n", "utf-8")
    said = admin.get("/rules/editions")
    assert said.status_code == 200 and "快照被改动过" in said.text and "请把草稿再启用一次" in said.text
    admin.post("/rules/editions/activate", edition=edition, why="快照坏了，重新启用")
    assert kept.read_text("utf-8") == text and "快照被改动过" not in admin.get("/rules/editions").text


def test_the_first_edition_is_made_in_the_browser(tmp_path, cheap_hashes):
    config = shutil.copytree(shipped_config(), tmp_path / "county")
    app = App(config, f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    Accounts(app.store).add("admin", "陈某", "tax", (Role.ADMIN,), PASSWORD, clock())
    admin, draft = Client(app, "admin"), Draft(config)
    assert "目录里的文件直接生效" in admin.get("/rules/draft").text
    seen = draft.read("notices.yaml")
    refused = admin.post("/rules/draft/save", name="notices.yaml", text="# 写了很久\n", seen=seen.mark)
    assert refused.status_code == 422 and "写了很久" in refused.text and draft.read("notices.yaml") == seen
    assert "第一次启用" in admin.get("/rules/editions").text
    admin.post("/rules/editions/activate", edition=edition_of(config), why="首次启用")
    assert current(config) == edition_of(config)
    saved = admin.post("/rules/draft/save", name="notices.yaml", text=seen.text + "# 补一句\n", seen=seen.mark)
    assert "已存进草稿" in saved.text
    app.close()


POSTS = ("activate", "rollback", "approve", "refuse")


@pytest.mark.parametrize("act", POSTS)
def test_editions_are_changed_by_their_own_people_only(client, draft, act):
    fresh, before = change(draft), current(draft.directory)
    may = {"activate": ("admin",), "rollback": ("admin",), "approve": ("office", "director"),
           "refuse": ("admin", "office", "director")}[act]
    for login in {"admin", "office", "director", "auditor", "tax", "gov"} - set(may):
        assert client(login).post(f"/rules/editions/{act}", edition=fresh, why="x").status_code == 403
    one = client(may[0])
    one.csrf = "of another session"
    assert one.post(f"/rules/editions/{act}", edition=fresh, why="x").status_code == 403
    assert current(draft.directory) == before

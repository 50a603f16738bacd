"""Users in the browser: the administrator adds, changes, shuts out; nobody changes themselves; all of it is journaled."""

import pytest
from starlette.testclient import TestClient

from hsdispute_plugin import app as joined
from hsdispute_plugin.accounts import AccountRefused, Accounts, SignInRefused
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.door import Door
from hsdispute_plugin.entrypoints.gateway import create
from tests.console.conftest import PASSWORD

SECOND = "another-of-a-test-8"


@pytest.fixture
def county(tmp_path, cheap_hashes):
    """A county of its own with one administrator and one handler; gives what opens a client signed in as somebody."""
    app = App(shipped_config(), f"sqlite:///{tmp_path / 'cases.sqlite3'}")

    def as_(login: str, password: str = PASSWORD) -> TestClient:
        client = TestClient(create(app), base_url="http://testserver", follow_redirects=True)
        answer = client.post("/console/login", data={"login": login, "password": password})
        client.entered = answer.status_code == 200
        return client

    as_.app = app
    people = Accounts(app.store)
    people.add("admin", "陈某", "tax", [Role.ADMIN], PASSWORD, joined.clock())
    people.add("zhao", "赵某", "tax", [Role.HANDLER], PASSWORD, joined.clock())
    yield as_
    app.close()


def send(client, path, **fields):
    token = client.get("/console/account").text.split('name="csrf" value="')[1].split('"')[0]
    return client.post(f"/console{path}", data={"csrf": token, **fields})


def journal(app):
    with app.store.begin() as tx:
        return [(line.who, line.act, line.why) for line in tx.journal("用户")]


def test_a_user_is_added_changed_given_another_password_and_shut_out(county):
    admin = county("admin")
    added = send(admin, "/users/new", login="li", name="李某", unit="hr", role=["handler", "reviewer"], password=PASSWORD)
    assert "已添加 li。" in added.text and "承办人、审核人" in added.text
    li = county("li")
    assert li.entered and li.get("/console/inbox").status_code == 200
    assert "已改 li" in send(admin, "/users/li", name="李某某", unit="medical", role=["archivist"]).text
    assert "李某某（档案员）" in li.get("/console/account").text  # at once, without signing in again
    assert "已重设 li 的口令" in send(admin, "/users/li/password", password=SECOND).text
    assert "/console/login" in str(li.get("/console/inbox").url)
    assert county("li", SECOND).entered and not county("li").entered
    assert "已停用 li。" in send(admin, "/users/li/shut", disabled="1").text
    assert not county("li", SECOND).entered
    assert "已启用 li。" in send(admin, "/users/li/shut", disabled="0").text
    assert county("li", SECOND).entered
    told = journal(county.app)
    assert ("陈某（admin）", "添加用户", "li：李某，hr，承办人、审核人") in told
    assert ("陈某（admin）", "改用户", "li：原为李某，hr，承办人、审核人；改为李某某，medical，档案员") in told
    assert [act for who, act, _ in told if who == "陈某（admin）"][-4:] == ["改用户", "改口令", "停用用户", "启用用户"]
    assert ("李某（li）", "登录", "从 testclient") in told and ("李某某（li）", "登录失败", "从 testclient") in told
    assert PASSWORD not in str(told)


@pytest.mark.parametrize(("fields", "says"), [
    ({"login": "zhao"}, "登录名 zhao 已有人用"), ({"login": "李"}, "登录名用字母"), ({"name": " "}, "请写姓名"),
    ({"unit": "nowhere"}, "请选单位"), ({"role": []}, "至少一种身份"), ({"password": "short"}, "口令至少 10 个字符"),
    ({"role": ["admin", "auditor"]}, "系统管理员和审计员不能是同一个人"),
])
def test_what_is_refused_is_said_and_what_was_typed_stays(county, fields, says):
    given = {"login": "li", "name": "李某", "unit": "hr", "role": ["handler"], "password": PASSWORD, **fields}
    answer = send(county("admin"), "/users/new", **given)
    assert answer.status_code == 422 and says in answer.text
    assert f'value="{given["login"]}"' in answer.text and PASSWORD not in answer.text


def test_nobody_changes_themselves_and_only_administrators_change_others(county):
    admin, zhao = county("admin"), county("zhao")
    assert "另一位系统管理员" in admin.get("/console/users/admin").text
    assert send(admin, "/users/admin", name="陈某", unit="tax", role=["office"]).status_code == 404
    assert send(admin, "/users/admin/shut", disabled="1").status_code == 404
    assert send(admin, "/users/nobody/shut", disabled="1").status_code == 404
    assert admin.get("/console/users/nobody").status_code == 404
    assert zhao.get("/console/users").status_code == 403
    assert send(zhao, "/users/zhao", name="赵某", unit="tax", role=["office"]).status_code == 403
    with county.app.store.begin() as tx:
        assert (tx.user("admin").roles, tx.user("zhao").roles) == (("admin",), ("handler",))


def test_the_last_administrator_stays(county):
    people, now = Accounts(county.app.store), joined.clock()
    people.add("second", "郑某", "tax", [Role.ADMIN], PASSWORD, now)
    people.set_disabled("admin", True, now)
    for refused in (lambda: people.set_disabled("second", True, now),
                    lambda: people.change("second", "郑某", "tax", [Role.OFFICE], now)):
        with pytest.raises(AccountRefused, match="至少要留一个没有停用的系统管理员"):
            refused()
    people.change("zhao", "赵某", "tax", [Role.OFFICE], now)  # anybody else may


def test_a_name_that_nobody_has_is_not_written_down(county):
    people, limits = Accounts(county.app.store), Door(county.app).limits()
    with pytest.raises(SignInRefused):
        people.sign_in("my-password-by-mistake", "x", "10.0.0.9", limits, joined.clock())
    assert "my-password-by-mistake" not in str(journal(county.app))


def test_users_in_the_browser(console, signed_in, axe, shot):
    page = signed_in("admin")
    page.goto(f"{console.url}/users")
    page.get_by_role("link", name="添加用户").wait_for()
    axe(page)
    shot(page, "users")
    page.get_by_role("link", name="hr", exact=True).click()
    page.get_by_role("button", name="停用").wait_for()
    axe(page)
    shot(page, "user")
    page.goto(f"{console.url}/users/new")
    axe(page)
    shot(page, "user-new")

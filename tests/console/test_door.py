"""The door: who is let in, to what, for how long; forms of other sites and strangers are refused; headers are strict."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hsdispute_plugin import accounts as module
from hsdispute_plugin import app as joined
from hsdispute_plugin.accounts import PATIENCE, AccountRefused, Accounts, Limits, SignInRefused
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console import door
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.store import Store
from tests.console.conftest import PASSWORD

LIMITS = Limits(timedelta(minutes=30), timedelta(hours=10), 5)


@pytest.fixture
def client(console):
    return TestClient(create(console.app), base_url="http://testserver", follow_redirects=False)


def sign_in(client, login="tax", password=PASSWORD):
    return client.post("/console/login", data={"login": login, "password": password})


def csrf(client):
    import re

    return re.search(r'name="csrf" content="(\w+)"', client.get("/console/account").text)[1]


def test_a_stranger_is_sent_to_the_door_and_then_to_where_they_wanted(client):
    asked = client.get("/console/inbox?state=new")
    assert (asked.status_code, asked.headers["location"]) == (303, "/console/login")
    done = sign_in(client)
    assert (done.status_code, done.headers["location"]) == (303, "/console/inbox?state=new")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/console" in cookie
    assert client.get("/console/inbox").status_code == 200


def test_a_wrong_password_and_an_unknown_name_read_the_same_and_too_many_shut_the_door(client):
    told = [sign_in(client, name, "wrong-password") for name in ("medical", "nobody_here")]
    assert {t.status_code for t in told} == {403}
    assert all("登录名或口令不对，或账号已停用" in t.text and "wrong-password" not in t.text for t in told)
    for _ in range(4):
        sign_in(client, "medical", "wrong-password")
    assert "次数过多" in sign_in(client, "medical").text


def test_the_address_without_a_slash_leads_to_the_door(client):
    answer = client.get("/console", follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/console/login")


def test_every_answer_forbids_foreign_scripts_and_frames(client):
    sign_in(client, "head")
    for path in ("/console/login", "/console/inbox", "/console/nowhere", "/console/static/console.css"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert client.get("/console/inbox").headers["cache-control"] == "no-store"


def test_a_form_without_the_sessions_mark_or_from_another_site_is_refused(client):
    sign_in(client, "head")
    assert client.post("/console/logout").status_code == 403
    mark = csrf(client)
    elsewhere = client.post("/console/logout", data={"csrf": mark}, headers={"origin": "http://evil.example"})
    assert (elsewhere.status_code, "别的网站" in elsewhere.text) == (403, True)
    assert client.get("/console/inbox").status_code == 200
    assert client.post("/console/logout", data={"csrf": mark}).status_code == 303


def test_signing_out_ends_the_session_at_the_server(client):
    sign_in(client, "head")
    kept = client.cookies[door.SESSION]
    client.post("/console/logout", data={"csrf": csrf(client)})
    client.cookies.set(door.SESSION, kept, path="/console")
    assert client.get("/console/inbox").status_code == 303


@pytest.mark.parametrize(("login", "status"), [("tax", 200), ("director", 200), ("admin", 403), ("auditor", 403)])
def test_the_inbox_is_for_those_who_work_on_cases(client, login, status):
    sign_in(client, login)
    assert client.get("/console/inbox").status_code == status


def test_a_unit_sees_only_the_cases_in_which_it_takes_part(client, console):
    seen = {}
    for login in ("office", "gov", "tax", "cyber"):
        sign_in(client, login)
        text = client.get("/console/inbox").text
        seen[login] = {story for story, number in console.numbers.items() if number in text}
    assert seen["office"] == set(console.numbers)
    assert seen["tax"] == {"joint"} < seen["gov"]
    assert "danger" not in seen["cyber"]


def test_a_trusted_proxy_names_the_person_and_nobody_else_can(client, monkeypatch):
    assert client.get("/console/login", headers={"X-Remote-User": "head"}).status_code == 200
    monkeypatch.setenv("HSDISPUTE_CONSOLE_PROXIES", "10.9.9.9, testclient")
    assert client.get("/console/login", headers={"X-Remote-User": "nobody_here"}).status_code == 403
    assert client.get("/console/login", headers={"X-Remote-User": "head"}).status_code == 303
    assert "钱某" in client.get("/console/account").text
    monkeypatch.setenv("HSDISPUTE_CONSOLE_PROXIES", "10.9.9.9")
    client.cookies.clear()
    assert client.get("/console/login", headers={"X-Remote-User": "head"}).status_code == 200


def test_a_stranger_cannot_pass_for_the_proxy_by_what_it_says_of_itself(console, monkeypatch):
    monkeypatch.setenv("HSDISPUTE_CONSOLE_PROXIES", "10.9.9.9")
    served = door.PeerKept(ProxyHeadersMiddleware(create(console.app), trusted_hosts="*"))
    given = {"X-Remote-User": "head", "X-Forwarded-For": "10.9.9.9"}
    for address, status in (("10.1.1.1", 200), ("10.9.9.9", 303)):
        client = TestClient(served, client=(address, 50000), follow_redirects=False)
        assert client.get("/console/login", headers=given).status_code == status


def test_over_https_the_cookie_never_travels_in_the_clear(console):
    client = TestClient(create(console.app), base_url="https://testserver", follow_redirects=False)
    assert "Secure" in sign_in(client).headers["set-cookie"]


def test_a_form_too_large_or_unreadable_is_refused(client):
    assert client.post("/console/login", data={"login": "x" * (door.MAX_FORM_BYTES + 1)}).status_code == 413
    bad = client.post("/console/login", content=b"--x\r\n", headers={"content-type": "multipart/form-data"})
    assert bad.status_code == 400


def test_another_password_ends_every_session(client, console):
    Accounts(console.app.store).add("changer", "卫某", "tax", [Role.HANDLER], PASSWORD, joined.clock())
    sign_in(client, "changer")
    mark = csrf(client)
    given = {"csrf": mark, "old": PASSWORD, "new": "another-password-1", "again": "another-password-2"}
    assert "不一样" in client.post("/console/account", data=given).text
    assert "没有改" in client.post("/console/account", data=given | {"old": "wrong", "again": "another-password-1"}).text
    assert "至少 10 个字符" in client.post("/console/account", data=given | {"new": "short", "again": "short"}).text
    assert client.post("/console/account", data=given | {"again": "another-password-1"}).status_code == 303
    assert client.get("/console/inbox").status_code == 303
    assert sign_in(client, "changer", "another-password-1").status_code == 303


@pytest.fixture
def accounts(tmp_path, cheap_hashes):
    store = Store(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    made = Accounts(store)
    made.add("zhang", "张某", "tax", [Role.HANDLER], PASSWORD, joined.clock())
    yield made
    store.close()


def test_a_session_ends_by_rest_by_age_and_when_the_user_is_shut_out(accounts):
    now = joined.clock()
    token = accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)
    for minutes in (20, 40, 60):
        assert accounts.person(token, LIMITS, now + timedelta(minutes=minutes)).name == "张某"
    assert accounts.person(token, LIMITS, now + timedelta(minutes=91)) is None
    token = accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)
    for n in range(1, 31):
        assert accounts.person(token, LIMITS, now + n * timedelta(minutes=20))
    assert accounts.person(token, LIMITS, now + timedelta(minutes=601)) is None
    token = accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)
    accounts.set_disabled("zhang", True, now)
    assert accounts.person(token, LIMITS, now) is None
    with pytest.raises(SignInRefused):
        accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)
    accounts.set_disabled("zhang", False, now)
    assert accounts.person(token, LIMITS, now) is None  # revoked for good
    assert accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)


def test_what_a_page_asks_by_itself_keeps_no_session_awake(accounts):
    now = joined.clock()
    token = accounts.sign_in("zhang", PASSWORD, "::1", LIMITS, now)
    for minutes in (10, 20, 30):
        assert accounts.person(token, LIMITS, now + timedelta(minutes=minutes), seen=False)
    assert accounts.person(token, LIMITS, now + timedelta(minutes=31), seen=False) is None


def test_passwords_are_hashed_as_dearly_as_rfc_9106_asks():
    made = getattr(module.PasswordHasher, "func", module.PasswordHasher)()
    assert (made.type.name, made.memory_cost, made.time_cost) >= ("ID", 65536, 3)


def test_patience_with_wrong_passwords_comes_back(accounts):
    now = joined.clock()
    for _ in range(5):
        with pytest.raises(SignInRefused, match="口令不对"):
            accounts.sign_in("zhang", "wrong-password", "10.0.0.1", LIMITS, now)
    with pytest.raises(SignInRefused, match="次数过多"):
        accounts.sign_in("zhang", PASSWORD, "10.0.0.2", LIMITS, now)
    assert accounts.sign_in("zhang", PASSWORD, "10.0.0.2", LIMITS, now + PATIENCE + timedelta(seconds=1))


def test_one_address_may_fail_more_often_than_one_name_but_not_for_ever(accounts):
    now = joined.clock()
    for n in range(50):
        with pytest.raises(SignInRefused, match="口令不对"):
            accounts.sign_in(f"nobody{n}", "wrong-password", "10.0.0.1", LIMITS, now)
    with pytest.raises(SignInRefused, match="次数过多"):
        accounts.sign_in("zhang", PASSWORD, "10.0.0.1", LIMITS, now)
    assert accounts.sign_in("zhang", PASSWORD, "10.0.0.2", LIMITS, now)


def test_passwords_and_names_that_will_not_do(accounts):
    now = joined.clock()
    for password in ("short", "zhang-zhang-1", "aaaaaaaaaaaa"):
        with pytest.raises(AccountRefused, match="至少 10 个字符"):
            accounts.set_password("zhang", password, now)
    for login in ("zhang", "张", "a b", "1a"):
        with pytest.raises(AccountRefused):
            accounts.add(login, "张某", "tax", [Role.HANDLER], PASSWORD, now)
    with pytest.raises(AccountRefused, match="没有用户"):
        accounts.set_disabled("nobody", True, now)
    assert accounts.person("x", LIMITS, now) is None

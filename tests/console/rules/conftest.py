"""A console of its own for the pages of rules, with an activated edition, so that its working files are a draft."""

import shutil

import pytest
from starlette.testclient import TestClient

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.rules import holder
from hsdispute_plugin.rules.draft import Draft
from hsdispute_plugin.rules.editions import activate, current, editions, in_force, rollback
from hsdispute_plugin.rules.editions_asked import settle
from tests.console.conftest import PASSWORD, serving


@pytest.fixture(scope="package")
def console(tmp_path_factory, cheap_hashes):
    def activated(config):
        activate(config, joined.clock(), "测试", "首次启用")

    with pytest.MonkeyPatch.context() as patched, serving(tmp_path_factory.mktemp("rules"), activated) as served:
        patched.setattr(holder, "LOOK_EVERY_S", 0.0)  # a new edition is seen at once
        patched.setenv("HSDISPUTE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield served


@pytest.fixture(scope="package")
def _states():
    return {}


@pytest.fixture
def draft(console):
    """The draft of the console; and the edition in force; both as at first when the test is over."""
    yield Draft(console.app.directory)
    first = editions(console.app.directory)[0][0]
    settle(console.app.directory)
    if current(console.app.directory) != first:
        rollback(console.app.directory, joined.clock(), "测试", "测完", first)
    live = in_force(console.app.directory)
    for listed in Draft(console.app.directory).files():
        path = console.app.directory / listed.name
        if (live / listed.name).is_file():
            shutil.copyfile(live / listed.name, path)
        else:
            path.unlink(missing_ok=True)


class Client:
    """Someone signed in without a browser."""

    def __init__(self, app, login: str) -> None:
        self._http = TestClient(create(app), base_url="http://testserver", follow_redirects=True)
        assert self._http.post("/console/login", data={"login": login, "password": PASSWORD}).status_code == 200
        self.csrf = self._http.get("/console/account").text.split('name="csrf" value="')[1].split('"')[0]

    def get(self, path: str, **headers: str):
        return self._http.get(f"/console{path}", headers=headers)

    def post(self, path: str, follow: bool = True, **form: str):
        return self._http.post(f"/console{path}", data={"csrf": self.csrf, **form}, follow_redirects=follow)


@pytest.fixture
def client(console):
    """A function that gives a client signed in as one of ``PEOPLE``."""
    return lambda login: Client(console.app, login)


@pytest.fixture
def lines(console):
    """A function that gives the journal's lines on the rule book, oldest first."""
    def read():
        with console.app.store.begin() as tx:
            return tx.journal("规则册")
    return read


def until(page, script: str) -> None:
    """Wait until a script says yes: playwright's own waiting evaluates a text, which the page forbids."""
    for _ in range(600):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(script)

"""A running console with invented people and cases, and a real browser signed in by role.

``console`` is the server (``console.url``, ``console.app``, ``console.numbers``), ``signed_in("tax")`` a page of a browser,
``axe(page)`` complains of what people with disabilities could not use, ``shot(page, "name")`` keeps pictures at both sizes.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import uvicorn

from hsdispute_plugin import accounts
from hsdispute_plugin import app as joined
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket

PASSWORD = "invented-by-a-test-7"
SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SHOTS = Path(__file__).parents[2] / ".shots"
#: Who signs in as what: login → (name, unit, roles).
PEOPLE = {
    "first": ("张某", "tax", (Role.FIRST_CONTACT,)), "tax": ("赵某", "tax", (Role.HANDLER, Role.REVIEWER)),
    "head": ("钱某", "tax", (Role.UNIT_HEAD,)), "archivist": ("孙某", "tax", (Role.ARCHIVIST,)),
    "hr": ("李某", "hr", (Role.CO_UNIT,)), "medical": ("周某", "medical", (Role.CO_UNIT,)),
    "cyber": ("吴某", "cyber", (Role.CYBER,)), "gov": ("王某", "gov_office", (Role.GOV_OFFICE,)),
    "office": ("郑某", "tax", (Role.OFFICE,)), "director": ("冯某", "gov_office", (Role.DIRECTOR,)),
    "admin": ("陈某", "tax", (Role.ADMIN,)), "auditor": ("褚某", "gov_office", (Role.AUDITOR,)),
}
PAYER, PHONE = "柳小草", "13800000000"
STORIES = {  # of the invented tickets: what they say
    "joint": "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处。电话13800000000，柳小草",
    "sole": "我是灵活就业人员，缴了两次养老保险费，请问重复缴费怎么退",
    "danger": "单位三年没给我们交社保，再不解决我就从楼上跳下去",
    "policy": "请问城乡居民医疗保险今年缴多少钱，怎么缴",
}


@dataclass
class Console:
    """The served console, its application, and the numbers of its cases by story."""

    url: str
    app: App
    numbers: dict[str, str] = field(default_factory=dict)

    def act(self, story: str, act: str, login: str, form: dict | None = None, why: str = "测试") -> None:
        """Do an act on a case as one of ``PEOPLE``, in the first of their roles."""
        name, unit, roles = PEOPLE[login]
        self.app.desk.act(self.numbers[story], act, Actor(name, unit, roles[0]), form or {}, self.app.book, joined.clock(), why)


REGISTRATION = {"表单": {
    "缴费人": {"名称": PAYER, "电话": PHONE}, "来访时间": joined.clock().isoformat(), "事项所在辖区": "老城镇",
    "反映主要事项": "单位欠缴养老保险费", "诉求": "补缴", "对方当事人": {"名称": "某砖厂", "类别": "用人单位"}}}


def invented_cases(console: Console) -> None:
    """File the invented tickets over the past days; the joint one is registered, reviewed and handed out."""
    desk, book, now = console.app.desk, console.app.book, joined.clock()
    for n, (story, content) in enumerate(STORIES.items()):
        at = now - timedelta(days=2 * n)
        ticket = Ticket(ticket_no=f"T{n + 1}", title="", content=content, caller_name=PAYER, caller_phone=PHONE, received_at=at)
        console.numbers[story] = desk.accept("roundup", HostTicket(ticket, "1"), book, at)[0].case_no
    console.act("joint", "dispatch", "gov", {"单位": "税务局"})
    console.act("joint", "sign", "first")
    console.act("joint", "register", "first", REGISTRATION)


@pytest.fixture(scope="session")
def cheap_hashes():
    """Passwords of the tests are hashed at the least cost; what the product pays is looked at in one test of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(accounts, "PasswordHasher", partial(accounts.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1))
        yield


@contextmanager
def serving(home: Path, prepare: Callable[[Path], object] = lambda config: None) -> Iterator[Console]:
    """Serve a console with invented people and cases; ``prepare`` may change its configuration first."""
    config = shutil.copytree(shipped_config(), home / "config")
    prepare(config)
    app = App(config, f"sqlite:///{home / 'cases.sqlite3'}")
    people = accounts.Accounts(app.store)
    for login, (name, unit, roles) in PEOPLE.items():
        people.add(login, name, unit, roles, PASSWORD, joined.clock())
    listening = socket.create_server(("127.0.0.1", 0))
    served = Console(f"http://127.0.0.1:{listening.getsockname()[1]}/console", app)
    invented_cases(served)
    server = uvicorn.Server(uvicorn.Config(create(app), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield served
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="session")
def console(tmp_path_factory, cheap_hashes):
    with serving(tmp_path_factory.mktemp("console")) as served:
        yield served


@pytest.fixture(scope="module")
def browser():
    """Chromium; no longer than a module, since playwright's event loop would be in the way of other tests' own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = chromium()
    with playwright.sync_playwright() as p:
        launched = p.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


def chromium() -> str:
    """Return Debian's chromium; in CI it is installed, elsewhere the browser tests are skipped where it is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI") and os.getuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
        if subprocess.run(["apt-get", "update"], capture_output=True, check=False).returncode == 0:
            subprocess.run(install, capture_output=True, check=False)
        found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed")
    return found


@pytest.fixture(scope="session")
def _states():
    return {}


@pytest.fixture
def signed_in(console, browser, _states):
    """A function that gives a page signed in as one of ``PEOPLE``; at the end none of them may have erred or gone elsewhere."""
    opened, faults = [], []

    def as_(login: str, size: str = "wide"):
        if login not in _states:
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{console.url}/login")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main button")
            page.wait_for_url(lambda url: "/login" not in url)
            _states[login] = context.storage_state()
            context.close()
        context = browser.new_context(storage_state=_states[login], viewport=SIZES[size], locale="zh-CN")
        context.set_default_timeout(30_000)
        opened.append(context)
        page = context.new_page()
        watch(page, console.url, faults)
        return page

    yield as_
    for context in opened:
        context.close()
    assert faults == []


def watch(page, url: str, faults: list[str]) -> None:
    """Note every error in the page's console, every script error and every request to elsewhere."""
    own = url.removesuffix("/console")
    # A page that answers 4xx is named in the console too: the tests look at those themselves.
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" and "status of 4" not in m.text else None)
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((own, "data:")) else faults.append(f"request to {r.url}"))


@pytest.fixture(scope="session")
def axe():
    """A function that fails with what axe-core finds wrong on a page (WCAG 2.1 A and AA)."""
    source = (Path(__file__).parent / "axe.min.js").read_text("utf-8")

    def look(page) -> None:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})")
        told = [f"{v['id']}: {v['help']}: {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found["violations"]]
        assert told == [], page.url

    return look


@pytest.fixture(scope="session")
def shot():
    """A function that keeps pictures of a page at both sizes under ``.shots``, and refuses sideways scrolling."""

    def keep(page, name: str) -> None:
        assert re.fullmatch(r"[\w-]+", name)
        SHOTS.mkdir(exist_ok=True)
        for size, pixels in SIZES.items():
            page.set_viewport_size(pixels)
            page.screenshot(path=SHOTS / f"{name}-{size}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= pixels["width"], f"{name} is {wide} wide at {pixels['width']}"
        page.set_viewport_size(SIZES["wide"])

    return keep

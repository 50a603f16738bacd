"""Signing in and out, and changing one's own password."""

from __future__ import annotations

from starlette.responses import Response

from hsdispute_plugin.accounts import AccountRefused, SignInRefused
from hsdispute_plugin.entrypoints.console.door import SESSION, proxied_login
from hsdispute_plugin.entrypoints.console.pages import Page, Visit

WANTED = "hsdispute_wanted"


def start(visit: Visit) -> Response:
    """GET /: the first page that this person has."""
    return visit.go(visit.nav[0].path if visit.nav else "/account")


def ask(visit: Visit) -> Response:
    """GET /login: the form; whom a trusted proxy names is signed in without it."""
    if visit.who:
        return visit.go("/")
    if login := proxied_login(visit, visit.peer):
        try:
            visit.cookies[SESSION] = visit.accounts.begin(login, visit.address, visit.limits, visit.now)
        except SignInRefused as err:
            return visit.page("signin/login.html", 403, says=str(err), login="")
        return visit.go(_wanted(visit))
    return visit.page("signin/login.html", says="", login="")


def sign_in(visit: Visit) -> Response:
    """POST /login."""
    login, password = visit.text("login"), str(visit.form.get("password") or "")
    try:
        visit.cookies[SESSION] = visit.accounts.sign_in(login, password, visit.address, visit.limits, visit.now)
    except SignInRefused as err:
        return visit.page("signin/login.html", 403, says=str(err), login=login[:40])
    return visit.go(_wanted(visit))


def sign_out(visit: Visit) -> Response:
    """POST /logout: the session ends here, not only in the browser."""
    visit.accounts.sign_out(visit.token)
    visit.cookies[SESSION] = None
    return visit.go("/login", "已退出登录")


def account(visit: Visit) -> Response:
    """GET /account: who is signed in; the form for another password."""
    return visit.page("signin/account.html", says="", units=visit.book.source.units)


def change(visit: Visit) -> Response:
    """POST /account: another password; the old one is asked for, and every session of this person ends."""
    old, new = (str(visit.form.get(name) or "") for name in ("old", "new"))
    says = ""
    if new != str(visit.form.get("again") or ""):
        says = "两次输入的新口令不一样，没有改"
    try:
        if not says:
            visit.accounts.sign_out(visit.accounts.sign_in(visit.person.login, old, visit.address, visit.limits, visit.now))
            visit.accounts.set_password(visit.person.login, new, visit.now, visit.signed)
    except (SignInRefused, AccountRefused) as err:
        says = f"没有改：{err}"
    if says:
        return visit.page("signin/account.html", 422, says=says, units=visit.book.source.units)
    visit.cookies[SESSION] = None
    return visit.go("/login", "口令已改，请用新口令登录")


def _wanted(visit: Visit) -> str:
    wanted = visit.cookies_given.get(WANTED, "")
    visit.cookies[WANTED] = None
    return wanted if wanted.startswith("/") and len(wanted) < 500 else "/"


PAGES = (
    Page("/", start), Page("/login", ask, roles=()), Page("/login", sign_in, roles=(), post=True),
    Page("/logout", sign_out, post=True), Page("/account", account), Page("/account", change, post=True),
)

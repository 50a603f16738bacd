"""The people who may sign in: the administrator adds them, says who they are and what they may do, shuts them out."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from hsdispute_plugin.accounts import MAY_HOLD, AccountRefused
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit

ADMINISTRATORS = (Role.ADMIN,)


def people(visit: Visit) -> Response:
    """GET /users: all users by unit."""
    with visit.app.store.reading() as tx:
        rows = tx.users()
    return visit.page("users/users.html", rows=rows, units=visit.book.source.units)


def new(visit: Visit) -> Response:
    """GET /users/new."""
    return _form(visit, None)


def add(visit: Visit) -> Response:
    """POST /users/new: a first password is given here; without one only the unit's own sign-in lets the user in."""
    login, password = visit.text("login"), str(visit.form.get("password") or "")
    try:
        visit.accounts.add(login, visit.text("name"), _unit(visit), _roles(visit), password, visit.now, visit.signed)
    except AccountRefused as err:
        return _form(visit, None, str(err))
    return visit.go("/users", f"已添加 {login}。" + ("请本人登录后在“我的账号”里改口令。" if password else ""))


def one(visit: Visit) -> Response:
    """GET /users/{login}."""
    return _form(visit, visit.params["login"])


def change(visit: Visit) -> Response:
    """POST /users/{login}: who the user is and what they may do."""
    login = _other(visit)
    try:
        visit.accounts.change(login, visit.text("name"), _unit(visit), _roles(visit), visit.now, visit.signed)
    except AccountRefused as err:
        return _form(visit, login, str(err))
    return visit.go("/users", f"已改 {login}，从下一页起按新的身份。")


def password(visit: Visit) -> Response:
    """POST /users/{login}/password: another password, which the user is told and changes."""
    login = _other(visit)
    try:
        visit.accounts.set_password(login, str(visit.form.get("password") or ""), visit.now, visit.signed)
    except AccountRefused as err:
        return _form(visit, login, f"口令没有改：{err}")
    return visit.go("/users", f"已重设 {login} 的口令，此前的登录都已结束。")


def shut(visit: Visit) -> Response:
    """POST /users/{login}/shut: shut the user out at once, or let them in again."""
    login, disabled = _other(visit), visit.text("disabled") == "1"
    try:
        visit.accounts.set_disabled(login, disabled, visit.now, visit.signed)
    except AccountRefused as err:
        return _form(visit, login, str(err))
    return visit.go("/users", f"已{'停用' if disabled else '启用'} {login}。")


def _other(visit: Visit) -> str:
    """Return whom the form is about; nobody gives themselves another role, or locks themselves out."""
    login = str(visit.params["login"])
    if login == visit.person.login:
        raise Missing
    return login


def _form(visit: Visit, login: str | None, says: str = "") -> Response:
    with visit.app.store.reading() as tx:
        user = tx.user(login) if login else None
    if login and user is None:
        raise Missing
    values: dict[str, Any] = {"login": "", "name": "", "unit": "", "roles": ()}
    if user:
        values = {"login": user.login, "name": user.person, "unit": user.unit, "roles": user.roles}
    if says:
        values |= {"login": login or visit.text("login"), "name": visit.text("name") or values["name"],
                   "unit": visit.text("unit") or values["unit"], "roles": tuple(visit.form.getlist("role")) or values["roles"]}
    return visit.page("users/user.html", 422 if says else 200, says=says, user=user, typed=values, may_hold=MAY_HOLD,
                      units=visit.book.source.units, own=user is not None and user.login == visit.person.login)


def _unit(visit: Visit) -> str:
    unit = visit.text("unit")
    if unit not in visit.book.source.units:
        raise AccountRefused("请选单位")
    return unit


def _roles(visit: Visit) -> list[Role]:
    given = visit.form.getlist("role")
    return [role for role in MAY_HOLD if role.value in given]


PAGES = (
    Page("/users", people, roles=ADMINISTRATORS, nav="用户", order=80),
    Page("/users/new", new, roles=ADMINISTRATORS), Page("/users/new", add, roles=ADMINISTRATORS, post=True),
    Page("/users/{login}", one, roles=ADMINISTRATORS), Page("/users/{login}", change, roles=ADMINISTRATORS, post=True),
    Page("/users/{login}/password", password, roles=ADMINISTRATORS, post=True),
    Page("/users/{login}/shut", shut, roles=ADMINISTRATORS, post=True),
)

"""What a page is and what it is given: the one interface between the console's door and its rooms."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hsdispute_plugin.accounts import Accounts, Limits, Person
from hsdispute_plugin.case import Role
from hsdispute_plugin.model import SHANGHAI

if TYPE_CHECKING:
    from hsdispute_plugin.app import App
    from hsdispute_plugin.desk_docket import Terms
    from hsdispute_plugin.rules.rulebook import Rulebook

HERE = Path(__file__).parent
PREFIX = "/console"
SAID = "hsdispute_said"  # the cookie that carries one sentence over a redirect
ANYBODY = tuple(r for r in Role if r is not Role.CLOCK)
CASE_WORKERS = tuple(r for r in ANYBODY if r not in (Role.ADMIN, Role.AUDITOR))


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where, what answers, for whom. ``nav`` names its entry in the navigation; pages without one are reached by links.

    ``roles`` empty: for those who are not signed in. ``order`` sorts the navigation. ``post``: it takes POST only.
    ``files``: how many files its form may carry.
    """

    path: str
    answer: Callable[[Visit], Response]
    roles: tuple[Role, ...] = ANYBODY
    nav: str = ""
    order: int = 50
    post: bool = False
    files: int = 0


class Missing(Exception):
    """There is no such page for this person: answered as 404, the same for what does not exist and what they may not see."""


@dataclass
class Visit:
    """One request of one person. ``form`` is empty on GET."""

    app: App
    accounts: Accounts
    limits: Limits
    now: datetime
    path: str  # without /console
    params: Mapping[str, Any]
    query: QueryParams
    form: FormData
    headers: Mapping[str, str]
    address: str
    who: Person | None
    peer: str = ""  # where the connection came from, whatever X-Forwarded-For says
    token: str = field(default="", repr=False)
    cookies_given: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    said: str = ""
    nav: tuple[Page, ...] = ()
    cookies: dict[str, str | None] = field(default_factory=dict)  # to be set with the answer; None: deleted

    @property
    def person(self) -> Person:
        """Who is signed in; only pages without roles are visited by nobody."""
        assert self.who is not None
        return self.who

    @property
    def signed(self) -> str:
        """The person as the journal names who did what is done on no case."""
        return f"{self.person.name}（{self.person.login}）"

    @cached_property
    def book(self) -> Rulebook:
        """The rule book in force."""
        return self.app.book

    @cached_property
    def terms(self) -> Terms:
        """What the desk works by under it."""
        return self.app.desk.terms(self.book)

    @property
    def partial(self) -> bool:
        """Tell whether htmx asks for a part of a page."""
        return self.headers.get("hx-request") == "true"

    def text(self, name: str) -> str:
        """Return a field of the form as text, without blanks around it."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Answer with a template of ``templates/``; it sees the visit as ``visit`` and what is given here."""
        return HTMLResponse(_environment().get_template(template).render(visit=self, **values), status)

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser to another page of the console, which then says a sentence (no payer data: it is kept in a cookie)."""
        if said:
            self.cookies[SAID] = quote(said[:1000])
        if self.partial:
            return Response(status_code=204, headers={"HX-Redirect": PREFIX + path})
        return RedirectResponse(PREFIX + path, 303)

    def download(self, name: str, content: bytes, kind: str) -> Response:
        """Answer with a file to be saved."""
        return Response(content, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"})


def rooms() -> tuple[Page, ...]:
    """Return the pages of every room of the console: each module of this package that has ``PAGES``."""
    found: list[Page] = []
    for module in sorted(m.name for m in pkgutil.iter_modules([str(HERE)])):
        found += getattr(importlib.import_module(f"{__package__}.{module}"), "PAGES", ())
    return tuple(found)


def when(moment: datetime | None) -> str:
    """Return a moment as clerks write it, in local time."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else "—"


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
    made.filters["when"] = when
    made.globals.update(PREFIX=PREFIX, Role=Role, asset=_asset)
    return made


@cache
def _asset(name: str) -> str:
    """Return the address of a file of ``static/``; it changes with the file, so that browsers may keep it."""
    return f"{PREFIX}/static/{name}?v={hashlib.sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"

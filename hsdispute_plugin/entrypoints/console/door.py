"""The door of the console: who it is, what they may see, that the form is theirs; strict headers on every answer."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hsdispute_plugin import app as joined
from hsdispute_plugin.accounts import Accounts, Limits, csrf_of
from hsdispute_plugin.app import App
from hsdispute_plugin.desk_docket import number_of
from hsdispute_plugin.entrypoints.console.pages import HERE, PREFIX, SAID, Missing, Page, Visit, rooms
from hsdispute_plugin.errors import HsdisputeError, trace_of
from hsdispute_plugin.logger import Logger

SESSION = "hsdispute_session"
MAX_FORM_BYTES = 2_000_000
MAX_FILE_BYTES = 12_000_000
PEER = "hsdispute.peer"  # in the scope: the address the connection really came from, before X-Forwarded-For was believed
_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
           "form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store"}
_log = Logger(__name__)


def routes(app: App) -> list[BaseRoute]:
    """Return the routes of the console."""
    door = Door(app)
    pages = rooms()
    nav = tuple(sorted((p for p in pages if p.nav), key=lambda p: p.order))
    found: list[BaseRoute] = [Mount("/static", _Files(directory=HERE / "static"))]
    found += [Route(p.path, door.answering(p, nav), methods=["POST"] if p.post else ["GET"]) for p in pages]
    found.append(Route("/{rest:path}", door.answering(Page("", _nowhere), nav), methods=["GET", "POST"]))
    return [Mount(PREFIX, routes=found)]


class Door:
    """Lets people in to the pages of one application."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.accounts = Accounts(app.store)

    def limits(self) -> Limits:
        """Return the limits of settings.yaml as in force now."""
        source = self._app.book.source
        return Limits(timedelta(minutes=number_of(source, "console_idle_minutes")),
                      timedelta(hours=number_of(source, "console_session_hours")), number_of(source, "console_failures"))

    def answering(self, page: Page, nav: tuple[Page, ...]) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers the requests for a page."""

        async def answer(request: Request) -> Response:
            token = request.cookies.get(SESSION, "")
            try:
                form = await _form(request, page) if request.method == "POST" else FormData()
                visit, response = await run_in_threadpool(self._answer, request, page, nav, form, token)
            except HTTPException as err:
                visit, response = None, _plain(err.status_code, str(err.detail))
            except ClientDisconnect:
                visit, response = None, _plain(400, "连接断了")
            except HsdisputeError as err:  # the database, or the configuration; a page that can say more says it itself
                _log.warning("console_put_off", path=page.path, error=str(err))
                visit, response = None, _plain(503, str(err))
            except Exception as err:
                _log.error("console_failed", path=page.path, error=trace_of(err))
                visit, response = None, _plain(500, "程序出错，已记入日志，请联系管理员")
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            _cookies(request, visit, response)
            return response

        return answer

    def _answer(self, request: Request, page: Page, nav: tuple[Page, ...], form: FormData, token: str) -> tuple[Visit, Response]:
        now, limits = joined.clock(), self.limits()
        by_itself = request.method == "GET" and request.headers.get("hx-request") == "true"
        who = self.accounts.person(token, limits, now, seen=not by_itself) if token else None
        visit = Visit(
            self._app, self.accounts, limits, now, request.url.path.removeprefix(PREFIX), request.path_params,
            request.query_params, form, request.headers, request.client.host if request.client else "", who,
            request.scope.get(PEER) or (request.client.host if request.client else ""), token, request.cookies,
            csrf_of(token) if who else "", unquote(request.cookies.get(SAID, "")))
        visit.nav = tuple(p for p in nav if who and who.holds(*p.roles))
        if request.method == "POST":
            _own_site(request)
        if page.roles and who is None:
            if request.method == "GET" and not visit.partial:
                query = f"?{request.url.query}" if request.url.query else ""
                visit.cookies["hsdispute_wanted"] = visit.path + query
            return visit, visit.go("/login", "请登录" if not token else "登录已过期，请重新登录")
        if page.roles and not visit.person.holds(*page.roles):
            return visit, visit.page("refused.html", 403, says="您的身份没有这个页面。需要的请联系管理员。")
        if page.roles and request.method == "POST" and not hmac.compare_digest(
                (visit.text("csrf") or request.headers.get("x-csrf", "")).encode(), visit.csrf.encode()):
            return visit, visit.page("refused.html", 403, says="这张表单不是本次登录时打开的，没有办理。请返回，刷新页面后再交。")
        try:
            response = page.answer(visit)
        except Missing:
            response = visit.page("refused.html", 404, says="没有这个页面，或者您不参与这件事项。")
        if visit.said and response.status_code == 200 and not visit.partial:
            visit.cookies.setdefault(SAID, None)
        return visit, response


def proxied_login(visit: Visit, peer: str) -> str:
    """Return whom a trusted proxy names in its header; empty: none is set up, or the request does not come from it."""
    proxies = {a.strip() for a in os.environ.get("HSDISPUTE_CONSOLE_PROXIES", "").split(",")} - {""}
    header = os.environ.get("HSDISPUTE_CONSOLE_USER_HEADER") or "X-Remote-User"
    return visit.headers.get(header, "") if peer in proxies else ""


def _nowhere(visit: Visit) -> Response:
    raise Missing


def _own_site(request: Request) -> None:
    """Refuse a form that another site sent (browsers name the origin of every POST)."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise HTTPException(403, "这张表单来自别的网站，没有办理")


async def _form(request: Request, page: Page) -> FormData:
    most = MAX_FILE_BYTES if page.files else MAX_FORM_BYTES
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"内容超过 {most // 1_000_000} MB，没有办理")

    async def again() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    try:
        return await Request(request.scope, again).form(max_files=page.files, max_fields=1_000, max_part_size=MAX_FORM_BYTES)
    except (MultiPartException, HTTPException) as err:
        raise HTTPException(400, "表单读不懂，没有办理") from err


def _cookies(request: Request, visit: Visit | None, response: Response) -> None:
    for name, value in (visit.cookies if visit else {}).items():
        if value is None:
            response.delete_cookie(name, path=PREFIX)
        else:
            response.set_cookie(name, value, path=PREFIX, httponly=True, samesite="lax", secure=request.url.scheme == "https")


def _plain(status: int, says: str) -> Response:
    return Response(says, status, media_type="text/plain; charset=utf-8")


class PeerKept:
    """Notes where each connection really came from, before anything believes what a proxy says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the address noted."""
        if scope["type"] == "http" and scope.get("client"):
            scope[PEER] = scope["client"][0]
        await self._app(scope, receive, send)


class _Files(StaticFiles):
    """Our own files: the same headers, and kept by the browser for a day (their address carries a version)."""

    def file_response(self, *given: object, **named: object) -> Response:
        response = super().file_response(*given, **named)  # type: ignore[arg-type]
        for name, value in {**_HEADERS, "Cache-Control": "public, max-age=86400"}.items():
            response.headers[name] = value
        return response


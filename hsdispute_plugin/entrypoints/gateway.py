"""The HTTP gateway: signed webhooks in, decisions on request, health and figures."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hsdispute_plugin import app as joined
from hsdispute_plugin.adapters.signature import mark, refusal
from hsdispute_plugin.app import App
from hsdispute_plugin.app_secrets import api_token, webhook_secrets
from hsdispute_plugin.entrypoints.console.door import routes as console_routes
from hsdispute_plugin.entrypoints.figures import Figures
from hsdispute_plugin.entrypoints.gateway_body import body_of, json_of, refuse_depth
from hsdispute_plugin.entrypoints.group_commit import GroupCommit
from hsdispute_plugin.entrypoints.openapi import document
from hsdispute_plugin.entrypoints.tickets import ticket_from
from hsdispute_plugin.entrypoints.working import Working
from hsdispute_plugin.errors import HsdisputeError, TicketRefused, trace_of
from hsdispute_plugin.explain import decision_json
from hsdispute_plugin.hooks.platform import HostEvent
from hsdispute_plugin.logger import Logger

MAX_BATCH = 1_000
MAX_EVENT_ID, MAX_TICKET_NO = 200, 120  # as long as the store keeps
_LOOPBACK = ("127.0.0.1", "::1")
_STATUS = {404: "没有这个地址", 405: "这个地址不接受这种请求方法"}
_log = Logger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


class Gateway:
    """The routes over one joined application."""

    def __init__(self, app: App, *, guarded: bool = False) -> None:
        self._app = app
        self.figures = Figures()
        self.work = Working(app, self.figures, guarded=guarded)
        self._kept: GroupCommit[tuple[str, HostEvent], bool] = GroupCommit(app.reception.keep)
        self._token = api_token()

    def _depths(self) -> dict[str, int]:
        with self._app.store.reading() as tx:
            return tx.depths()

    async def hook(self, request: Request) -> Response:
        """POST /hooks/{platform}: 202 once the event is durably kept; a repeat is 202 too."""
        name = request.path_params["platform"]
        platform = self._app.platforms.get(name)
        if platform is None:
            return _refused(404, "没有配置这个平台")
        body = await body_of(request)
        headers, signing = request.headers, self._app.signings[name]
        signature = headers.get(signing.signature_header, "")
        why = refusal(webhook_secrets(name), headers.get(signing.timestamp_header, ""), signature, body,
                      joined.clock(), signing)
        if why:
            self.figures.webhooks.labels(name, "refused").inc()
            return _refused(401, why)
        refuse_depth(body)
        try:
            event = platform.event(headers, body)
            if event and (len(event.event_id) > MAX_EVENT_ID or len(event.ticket_no) > MAX_TICKET_NO):
                raise TicketRefused(f"事件编号最长 {MAX_EVENT_ID} 字，工单编号最长 {MAX_TICKET_NO} 字")
        except TicketRefused as err:
            self.figures.webhooks.labels(name, "unreadable").inc()
            return _refused(400, str(err))
        if event is None:
            self.figures.webhooks.labels(name, "ours").inc()
            return JSONResponse({"outcome": "ours"}, 202)
        if not event.event_id:
            event = replace(event, event_id=mark(signature))
        outcome = "new" if await self._kept.add((name, event)) else "known"
        self.figures.webhooks.labels(name, outcome).inc()
        if outcome == "new":
            self.work.wake(name)
        return JSONResponse({"outcome": outcome, "event": event.event_id}, 202)

    async def decide(self, request: Request) -> Response:
        """POST /api/v1/decide: a ticket gives a decision, a list of tickets a list of decisions or errors."""
        if why := self._stranger(request):
            return _refused(401, why)
        given = json_of(await body_of(request))
        if isinstance(given, list) and len(given) > MAX_BATCH:
            return _refused(413, f"一次最多 {MAX_BATCH} 张工单")
        answers = await run_in_threadpool(lambda: [self._decide_one(g) for g in (given if isinstance(given, list) else [given])])
        if isinstance(given, list):
            return JSONResponse(answers)
        return JSONResponse(answers[0], 422 if "error" in answers[0] else 200)

    def _stranger(self, request: Request) -> str:
        if self._token:
            given, right = request.headers.get("authorization", ""), f"Bearer {self._token}"
            return "" if hmac.compare_digest(given.encode(), right.encode()) else "请在 Authorization 头里带上 Bearer 令牌"
        near = request.client is not None and request.client.host in _LOOPBACK
        return "" if near else "没有设置 HSDISPUTE_API_TOKEN，只接受本机的请求"

    def _decide_one(self, given: Any) -> dict[str, Any]:
        try:
            ticket = ticket_from(given)
        except TicketRefused as err:
            return {"error": str(err)}
        with self.figures.seconds.time():
            decision = self._app.book.decide(ticket, joined.clock())
        self.figures.decided.labels(decision.track.value).inc()
        return decision_json(decision)

    async def interface(self, request: Request) -> Response:
        """GET /api/v1/openapi.json: these routes as an OpenAPI 3.1 document."""
        return JSONResponse(document(MAX_BATCH))

    async def health(self, request: Request) -> Response:
        """GET /healthz: 200 when the store answers, 503 when it does not."""
        depths = await run_in_threadpool(self._depths)
        return JSONResponse({
            "ok": True, "edition": self._app.book.edition, "engine": self._app.book.engine_name, "queue": depths,
            "platforms": sorted(self._app.platforms)})

    async def metrics(self, request: Request) -> Response:
        """GET /metrics: Prometheus text."""
        depths = await run_in_threadpool(self._depths)
        return Response(self.figures.text(depths), media_type=CONTENT_TYPE_LATEST)


def create(app: App, *, guarded: bool = False) -> Starlette:
    """Return the ASGI application; its lifespan starts and stops the work. ``guarded``: see ``Working``."""
    gateway = Gateway(app, guarded=guarded)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        gateway.work.start()
        for doubt in app.misspelt:
            _log.warning("platform_key_unread", where=doubt.where, key=doubt.subject, mend=doubt.mend)
        _log.info("serving", edition=app.book.edition, engine=app.book.engine_name, platforms=sorted(app.platforms))
        try:
            yield
        finally:
            await run_in_threadpool(gateway.work.stop)
            app.close()

    return Starlette(lifespan=lifespan, exception_handlers={HTTPException: _no_such_thing}, routes=[
        Route("/hooks/{platform}", _answered(gateway.hook), methods=["POST"]),
        Route("/api/v1/decide", _answered(gateway.decide), methods=["POST"]),
        Route("/api/v1/openapi.json", _answered(gateway.interface)),
        Route("/healthz", _answered(gateway.health)),
        Route("/metrics", _answered(gateway.metrics)),
        *console_routes(app),
    ])


def _answered(endpoint: Endpoint) -> Endpoint:
    """Answer whatever goes wrong with a sentence. The server's own handler would log an error's words: perhaps a payer's."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException as err:
            return _refused(err.status_code, str(err.detail))
        except HsdisputeError as err:  # the database or a secret file; the host repeats its webhook later
            _log.warning("request_put_off", path=request.url.path, error=str(err))
            return JSONResponse({"ok": False, "error": str(err)}, 503, {"Retry-After": "30"})
        except ClientDisconnect:
            return _refused(400, "连接断了")
        except Exception as err:
            _log.error("request_failed", path=request.url.path, error=trace_of(err))
            return _refused(500, "程序出错，已记入日志，请联系管理员")

    return answer


async def _no_such_thing(request: Request, err: Exception) -> Response:
    status = err.status_code if isinstance(err, HTTPException) else 500
    return _refused(status, _STATUS.get(status, "请求不对"))


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)

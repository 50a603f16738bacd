"""The HTTP gateway: signed webhooks in, decisions on request, health and figures."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hsdispute_plugin import app as joined
from hsdispute_plugin.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, refusal
from hsdispute_plugin.app import App
from hsdispute_plugin.entrypoints.tickets import ticket_from
from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.explain import decision_json
from hsdispute_plugin.work import Embedded

MAX_BODY_BYTES = 1_000_000
MAX_BATCH = 1_000
_log = structlog.get_logger(__name__)


class Figures:
    """What /metrics shows; a registry of its own, so that two gateways in one process do not clash."""

    def __init__(self, depths: Callable[[], dict[str, int]]) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("hsdispute_events_total", "Webhooks by outcome", ["platform", "outcome"], registry=self.registry)
        self.decided = Counter("hsdispute_decided_total", "Decisions asked for over HTTP", ["track"], registry=self.registry)
        self.seconds = Histogram(
            "hsdispute_decide_seconds", "Time of one decision", registry=self.registry,
            buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1.0))
        self._depth = Gauge("hsdispute_queue_depth", "Rows by state", ["state"], registry=self.registry)
        self._depths = depths

    def text(self) -> bytes:
        """Return the exposition text."""
        for state, count in self._depths().items():
            self._depth.labels(state).set(count)
        return generate_latest(self.registry)


class Gateway:
    """The routes over one joined application."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.work = Embedded(app.reception.work_off, lambda: app.outbox.deliver_due(app.owner), {
            name: (partial(app.reception.poll, name), every) for name, every in app.intervals_s.items()
        })
        self.figures = Figures(self._depths)
        self._token = os.environ.get("HSDISPUTE_API_TOKEN", "")

    def _depths(self) -> dict[str, int]:
        with self._app.store.begin() as tx:
            return tx.depths()

    async def hook(self, request: Request) -> Response:
        """POST /hooks/{platform}: 202 once the event is durably kept; a repeat is 202 too."""
        name = request.path_params["platform"]
        platform = self._app.platforms.get(name)
        if platform is None:
            return _refused(404, f"没有配置平台 “{name}”")
        body = await _body(request)
        if body is None:
            return _refused(413, f"内容超过 {MAX_BODY_BYTES} 字节")
        headers = request.headers
        why = refusal(joined.secret(name, "WEBHOOK_SECRET"), headers.get(TIMESTAMP_HEADER, ""),
                      headers.get(SIGNATURE_HEADER, ""), body, joined.clock())
        if why:
            self.figures.events.labels(name, "refused").inc()
            return _refused(401, why)
        try:
            event = platform.event(headers, body)
        except TicketRefused as err:
            self.figures.events.labels(name, "unreadable").inc()
            return _refused(400, str(err))
        if event is None:
            self.figures.events.labels(name, "ours").inc()
            return JSONResponse({"outcome": "ours"}, 202)
        new = await run_in_threadpool(self._app.reception.keep, name, event)
        self.figures.events.labels(name, "new" if new else "known").inc()
        if new:
            self.work.wake()
        return JSONResponse({"outcome": "new" if new else "known", "event": event.event_id}, 202)

    async def decide(self, request: Request) -> Response:
        """POST /api/v1/decide: a ticket gives a decision, a list of tickets a list of decisions or errors."""
        if self._token and not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._token}"):
            return _refused(401, "请在 Authorization 头里带上 Bearer 令牌")
        body = await _body(request)
        if body is None:
            return _refused(413, f"内容超过 {MAX_BODY_BYTES} 字节")
        try:
            given = json.loads(body)
        except ValueError:
            return _refused(400, "内容不是 JSON")
        if isinstance(given, list) and len(given) > MAX_BATCH:
            return _refused(413, f"一次最多 {MAX_BATCH} 张工单")
        answers = await run_in_threadpool(lambda: [self._decide_one(g) for g in (given if isinstance(given, list) else [given])])
        if isinstance(given, list):
            return JSONResponse(answers)
        return JSONResponse(answers[0], 422 if "error" in answers[0] else 200)

    def _decide_one(self, given: Any) -> dict[str, Any]:
        try:
            ticket = ticket_from(given)
        except (TicketRefused, ValidationError) as err:
            return {"error": str(err)}
        with self.figures.seconds.time():
            decision = self._app.book.decide(ticket, joined.clock())
        self.figures.decided.labels(decision.track.value).inc()
        return decision_json(decision)

    async def health(self, request: Request) -> Response:
        """GET /healthz: 200 when the store answers."""
        try:
            depths = await run_in_threadpool(self._depths)
        except Exception as err:  # whatever is wrong with the database, the question is answered
            return JSONResponse({"ok": False, "error": f"数据库不可用：{type(err).__name__}"}, 503)
        return JSONResponse({
            "ok": True, "edition": self._app.book.edition, "engine": self._app.book.engine_name, "queue": depths,
            "platforms": sorted(self._app.platforms)})

    async def metrics(self, request: Request) -> Response:
        """GET /metrics: Prometheus text."""
        return Response(await run_in_threadpool(self.figures.text), media_type=CONTENT_TYPE_LATEST)


def create(app: App) -> Starlette:
    """Return the ASGI application; its lifespan starts and stops the work."""
    gateway = Gateway(app)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if app.store.embedded:  # the process before this one is gone, and with it whoever held a lease
            with app.store.begin() as tx:
                tx.release()
        gateway.work.start()
        _log.info("serving", edition=app.book.edition, engine=app.book.engine_name, platforms=sorted(app.platforms))
        try:
            yield
        finally:
            await run_in_threadpool(gateway.work.stop)
            app.close()

    return Starlette(lifespan=lifespan, routes=[
        Route("/hooks/{platform}", gateway.hook, methods=["POST"]),
        Route("/api/v1/decide", gateway.decide, methods=["POST"]),
        Route("/healthz", gateway.health),
        Route("/metrics", gateway.metrics),
    ])


async def _body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)

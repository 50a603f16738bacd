"""Operations: how the hosts answer, what waits, what could not be delivered and is sent again, whether the journal is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.store_journal import broken

RUNNERS = (Role.ADMIN, Role.OFFICE)
MOST = 200  # undelivered rows and places of the journal shown at once


@dataclass(frozen=True, slots=True)
class Host:
    """How a host answers now; ``closed_until``: it is left alone until then."""

    name: str
    failures: int
    closed_until: datetime | None
    unfinished: int


def operations(visit: Visit) -> Response:
    """GET /operations; htmx asks for its inside alone."""
    return visit.page("operations/inside.html" if visit.partial else "operations/operations.html", checked=None, **_now(visit))


def resend(visit: Visit) -> Response:
    """POST /operations/resend: queue undelivered rows again, take failed tickets up again."""
    keys = [str(key) for key in visit.form.getlist("key")]
    with visit.app.store.begin() as tx:
        sent = sum(tx.resend(key, visit.now) for key in keys)
    return visit.go("/operations", f"已排队重发 {sent} 条。" if sent else "没有选中送不了、接不了的。")


def chain(visit: Visit) -> Response:
    """POST /operations/chain: read the whole journal and name every place where it is not what was written."""
    read = count()
    with visit.app.store.reading() as tx:
        head = tx.journal_head()
        found = list(broken((line for line, _ in zip(tx.journal_lines(), read, strict=False)), head))[:MOST]
    values: dict[str, Any] = {"checked": found, "lines": next(read)}
    if visit.partial:
        return visit.page("operations/chain.html", **values)
    return visit.page("operations/operations.html", **values, **_now(visit))


def _now(visit: Visit) -> dict[str, Any]:
    with visit.app.store.reading() as tx:
        lanes, unfinished = tx.lanes(visit.now), tx.unfinished()
        hosts = [Host(name, *lanes.get(name, (0, None)), unfinished.get(name, 0)) for name in visit.app.platforms]
        return {"hosts": hosts, "workers": tx.workers(visit.now), "depths": tx.depths(), "dead": tx.outbox(("dead",), MOST),
                "failed": tx.failed_events(MOST)}


PAGES = (
    Page("/operations", operations, roles=RUNNERS, nav="运行", order=70),
    Page("/operations/resend", resend, roles=RUNNERS, post=True),
    Page("/operations/chain", chain, roles=(*RUNNERS, Role.AUDITOR), post=True),
)

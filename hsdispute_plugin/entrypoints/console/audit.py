"""The journal for those who audit: who did or looked at what, when and why; no case, no payer."""

from __future__ import annotations

from starlette.responses import Response

from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Page, Visit

PER_PAGE = 100


def log(visit: Visit) -> Response:
    """GET /log: the newest lines first; ``before`` is the number of the line to go on from, ``q`` a whole case number."""
    given, case_no = visit.query.get("before", ""), visit.query.get("q", "").strip()[:40]
    before = int(given) if given.isdecimal() and len(given) < 12 else None
    with visit.app.store.reading() as tx:
        lines = tx.journal_page(before=before, case_no=case_no, limit=PER_PAGE + 1)
    return visit.page("audit/log.html", lines=lines[:PER_PAGE], more=len(lines) > PER_PAGE, case_no=case_no, first=before is None)


PAGES = (Page("/log", log, roles=(Role.AUDITOR,), nav="办理日志", order=20),)

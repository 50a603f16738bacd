"""Work: the inbox of a unit, the most urgent first."""

from __future__ import annotations

from starlette.responses import Response

from hsdispute_plugin.case import State
from hsdispute_plugin.desk_alike import DANGER_OVER, OPINION_OVER
from hsdispute_plugin.entrypoints.console.pages import CASE_WORKERS, Page, Visit
from hsdispute_plugin.store_inbox import COLOURS
from hsdispute_plugin.store_traits import DANGER

PER_PAGE = 50
USUAL = frozenset({"office"})  # every major matter is told to the office: that alone is no danger
OVER = {DANGER_OVER: "险情已处置", OPINION_OVER: "舆情已处置"}
COLOUR_NAMES = {"red": "逾期", "orange": "将到期", "yellow": "过半", "green": "正常", "none": "没有待办时限"}


def inbox(visit: Visit) -> Response:
    """GET /inbox: the cases that this person may see, by colour, state, accepting unit, number; htmx asks for the list alone."""
    query, units = visit.query, visit.book.source.units
    colour = query.get("colour", "") if query.get("colour") in COLOURS else ""
    states = [s.value for s in State if s.value == query.get("state")]
    accepting = query.get("accepting", "") if query.get("accepting") in units else ""
    text = query.get("q", "").strip()[:120]
    page = max(1, int(query.get("page", "1"))) if query.get("page", "1").isdecimal() and len(query.get("page", "1")) < 7 else 1
    unit = visit.person.cases_of
    assert unit is not None  # the page is for those who work on cases
    with visit.app.store.reading() as tx:
        count = tx.count_inbox(visit.now, unit=unit, states=states, text=text, accepting=accepting)
        lines = tx.inbox(visit.now, unit=unit, states=states, colour=colour, text=text, accepting=accepting,
                         limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
        alerts = tx.alerts_of([line.case_no for line in lines])
    told = {key: says.partition("：")[0] for key, says in visit.book.source.notices.items() if key not in USUAL}
    track = visit.book.source.table.by_code["track"]
    template = "work/lines.html" if visit.partial else "work/inbox.html"
    return visit.page(
        template, lines=lines[:PER_PAGE], more=len(lines) > PER_PAGE, page=page, count=count, colours=COLOUR_NAMES, units=units,
        states=State, alerts=alerts, told=told | OVER, danger=DANGER, over=OVER,
        tracks=lambda code: track.label_of(code) if code else "—", chosen={
            "colour": colour, "state": states[0] if states else "", "accepting": accepting, "q": text})


PAGES = (Page("/inbox", inbox, roles=CASE_WORKERS, nav="收件箱", order=10),)

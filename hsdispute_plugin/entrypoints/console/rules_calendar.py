"""The calendar of a year, month by month, and the State Council's notice pasted into the draft."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.entrypoints.console.rules import EDITORS, READERS, draft_of, extra_facts, journal
from hsdispute_plugin.entrypoints.console.rules_edit import EDITED
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.calendar_import import read_table
from hsdispute_plugin.rules.draft import DraftRefused
from hsdispute_plugin.rules.workdays import WorkCalendar, Year

YEARS = range(2020, 2100)
REST, WORK, WEEKEND = "休", "班", "周末"


def this_year(visit: Visit) -> Response:
    """GET /rules/calendar."""
    return _page(visit, visit.now.astimezone(SHANGHAI).year)


def year(visit: Visit) -> Response:
    """GET /rules/calendar/{year}: as in force; ``?of=draft`` as in the draft."""
    given = visit.params["year"]
    if not given.isdecimal() or len(given) != 4 or int(given) not in YEARS:
        raise Missing
    return _page(visit, int(given))


def take_in(visit: Visit) -> Response:
    """POST /rules/calendar/import: read a notice and write its year into the draft."""
    text, notice = visit.text("text"), visit.text("notice")
    shown = visit.now.astimezone(SHANGHAI).year
    typed = {"text": text, "notice": notice}
    if not text:
        return _page(visit, shown, 422, says="请把通知的原文贴进来", typed=typed)
    try:
        table = read_table(text, "通知", notice)
    except RulebookError as err:
        return _page(visit, shown, 422, says="没有写进草稿", problems=err.problems, typed=typed)
    draft, name = draft_of(visit), f"calendar/{table.year}.yaml"
    try:
        before = draft.read(name)
        if "状态: 正式" in before.text and visit.text("replace") != "yes":
            return _page(visit, table.year, 409, typed=typed,
                         says=f"草稿里 {table.year} 年已是正式日历，没有动它。要换掉请勾选“换掉正式日历”再交一次")
        draft.save(name, table.text(), before.mark)
    except DraftRefused as err:
        return _page(visit, shown, 422, says=str(err), typed=typed)
    journal(visit, EDITED, f"{name}：导入{table.source}，休 {len(table.rest)} 天，调休上班 {len(table.work)} 天")
    notes = "".join(f"{note}。" for note in table.notes())
    said = f"已写进草稿：休 {len(table.rest)} 天，调休上班 {len(table.work)} 天。请核对后启用，在办案件的期限随之重算。{notes}"
    return visit.go(f"/rules/calendar/{table.year}?of=draft", said)


def _page(visit: Visit, shown: int, status: int = 200, *, says: str = "", **values: Any) -> Response:
    draft = draft_of(visit)
    of_draft, unreadable = visit.query.get("of") == "draft", False
    live = source = visit.book.source.calendar
    try:
        planned: WorkCalendar | None = draft.source(extra_facts(visit)).calendar
    except RulebookError:
        planned = None
    if of_draft and planned is not None:
        source = planned
    elif of_draft:
        of_draft, unreadable = False, True
    found = source.year(shown)
    known = sorted({y for y in YEARS for c in (live, planned) if c and c.year(y)} | {shown})
    return visit.page(
        "rules/calendar.html", status, shown=shown, year=found, months=[_month(shown, m, found) for m in range(1, 13)],
        known=known, of_draft=of_draft, unreadable=unreadable, says=says, closed=draft.closed(),
        differs=planned is not None and planned.year(shown) != live.year(shown), may_edit=visit.person.holds(*EDITORS),
        values={"problems": (), "typed": {"text": "", "notice": ""}, **values})


def _month(number: int, month: int, known: Year | None) -> Mapping[str, Any]:
    weeks = [[(day, _kind(date(number, month, day), known)) if day else None for day in week]
             for week in calendar.monthcalendar(number, month)]
    return {"number": month, "weeks": weeks, "work": sum(d[1] in ("", WORK) for w in weeks for d in w if d)}


def _kind(day: date, known: Year | None) -> str:
    if known and day in known.work:
        return WORK
    if known and day in known.rest:
        return REST
    return WEEKEND if day.weekday() >= 5 else ""


PAGES = (
    Page("/rules/calendar", this_year, roles=READERS),
    Page("/rules/calendar/import", take_in, roles=EDITORS, post=True),
    Page("/rules/calendar/{year}", year, roles=READERS),
)

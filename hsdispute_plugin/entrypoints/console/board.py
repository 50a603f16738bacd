"""督办看板: what a leader sees on the wall — due today, late by unit, major matters by stage, alerts, what rises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.case import Role, State
from hsdispute_plugin.desk_alike import EMPLOYER, TOPIC, TOWN
from hsdispute_plugin.desk_docket import owing
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.statistics import LEADERS, counted
from hsdispute_plugin.entrypoints.console.work import COLOUR_NAMES, OVER, USUAL
from hsdispute_plugin.model import SHANGHAI, Track
from hsdispute_plugin.store_traits import DANGER

ENDED = frozenset(s.value for s in (State.INFORMED, State.NOT_ACCEPTED, State.MERGED, State.WITHDRAWN, State.ARCHIVED))
ALERTED_DAYS, WEEKS, MOST = 30, 26, 8  # how far back alerts and the calendar of days go; how many of each kind rise


def board(visit: Visit) -> Response:
    """GET /board; htmx asks for its inside alone, once a minute."""
    now, terms = visit.now, visit.terms
    today = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    trend = timedelta(days=int(str(visit.book.source.settings["trend_days"].value)))
    monday = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    with visit.app.store.reading() as tx:
        colours = tx.count_inbox(now)
        due = tx.due_between(now, today + timedelta(days=1))
        late = {owing(unit, terms): n for unit, n in tx.overdue_by_unit(now).items()}
        stages = tx.by_state(Track.MAJOR.value)
        alerted = tx.alerted(now - timedelta(days=ALERTED_DAYS), ENDED, USUAL | OVER.keys())
        alerted.sort(key=lambda line: DANGER not in line.alerts)
        days = tx.opened_by_day(monday, SHANGHAI)
        before = {kind: dict(tx.count_traits(kind, now - 2 * trend, now - trend)) for kind in (TOPIC, EMPLOYER, TOWN)}
        rising = {kind: tx.count_traits(kind, now - trend, now + timedelta(seconds=1))[:MOST] for kind in (TOPIC, EMPLOYER, TOWN)}
    label = visit.book.source.table.by_code["topics"].label_of
    trends = [
        (title, f"trend-{kind}", [(label(v) if kind == TOPIC else v, n, before[kind].get(v, 0)) for v, n in rising[kind]])
        for kind, title in ((TOPIC, "主题"), (EMPLOYER, "单位"), (TOWN, "乡镇"))]
    full = [(day.isoformat(), n) for day, n in sorted(days.items())]
    values: dict[str, Any] = {
        "danger": DANGER, "over": OVER, "colours": colours, "names": COLOUR_NAMES, "due": due, "late": late, "alerted": alerted,
        "notices": {key: says.partition("：")[0] for key, says in visit.book.source.notices.items()} | OVER,
        "stages": [(s.label, stages[s.value]) for s in State if s.value in stages and s.value not in ENDED],
        "trends": [(title, key, rows, _bars(rows)) for title, key, rows in trends], "trend_days": trend.days,
        "days": full, "calendar": _calendar(full, monday, today), "weeks": WEEKS, "units": visit.book.source.units,
        "track": visit.book.source.table.by_code["track"].label_of, "states": State, "month": f"{today:%Y-%m}",
        "may_open": visit.person.cases_of is not None}
    return visit.page("board/inside.html" if visit.partial else "board/board.html", **values)


def on_time(visit: Visit) -> Response:
    """GET /board/on-time: the share of this month's answers that were in time; asked for apart, since every case is read."""
    report = counted(visit, f"{visit.now.astimezone(SHANGHAI):%Y-%m}")
    assert report is not None
    return visit.page("board/on_time.html", totals={row[0]: row[1] for row in report.tables[0].rows}, note=report.tables[0].note)


def _bars(rows: list[tuple[str, int, int]]) -> Mapping[str, Any]:
    names = [name for name, _, _ in rows][::-1]
    return {
        "grid": {"left": 8, "right": 40, "top": 28, "bottom": 8, "containLabel": True},
        "legend": {"data": ["近期", "此前"], "top": 0}, "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1}, "yAxis": {"type": "category", "data": names, "axisLabel": {
            "width": 130, "overflow": "truncate"}},
        "series": [{"name": "近期", "type": "bar", "data": [n for _, n, _ in rows][::-1], "itemStyle": {"color": "#0b4f8a"},
                    "barMaxWidth": 26, "label": {"show": True, "position": "right"}},
                   {"name": "此前", "type": "bar", "data": [n for _, _, n in rows][::-1], "barMaxWidth": 26,
                    "itemStyle": {"color": "#9fb4c7"}}]}


def _calendar(days: list[tuple[str, int]], first: datetime, last: datetime) -> Mapping[str, Any]:
    most = max([n for _, n in days], default=1)
    return {
        "tooltip": {}, "visualMap": {"min": 0, "max": most, "calculable": False, "orient": "horizontal", "left": "center",
                                     "bottom": 0, "inRange": {"color": ["#e4eef8", "#0b4f8a"]}},
        "calendar": {"top": 28, "left": 40, "right": 10, "cellSize": ["auto", 16],
                     "range": [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"], "yearLabel": {"show": False},
                     "dayLabel": {"firstDay": 1, "nameMap": "ZH"}, "monthLabel": {"nameMap": "ZH"}},
        "series": [{"type": "heatmap", "coordinateSystem": "calendar", "data": [list(d) for d in days]}]}


PAGES = (
    Page("/board", board, roles=(*LEADERS, Role.UNIT_HEAD), nav="督办看板", order=50),
    Page("/board/on-time", on_time, roles=(*LEADERS, Role.UNIT_HEAD)),
)

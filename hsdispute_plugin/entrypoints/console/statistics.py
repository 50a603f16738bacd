"""Statistics: the figures of a month or quarter and what rises, as tables, charts and files. No payer data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.reports import Report, Table, monthly, span_of, warning
from hsdispute_plugin.reports_files import document, workbook

LEADERS = (Role.OFFICE, Role.DIRECTOR, Role.DEPUTY, Role.GOV_OFFICE)
WARNING = "warning"  # in place of a span: 苗头预警
KINDS = {
    "xlsx": (workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": (document, "application/vnd.openxmlformats-officedocument.wordprocessingml.document")}


def counted(visit: Visit, span: str) -> Report | None:
    """Count the cases of a month or quarter, or what rises; ``None``: that is no span."""
    days = span_of(span)
    if days is None and span != WARNING:
        return None
    with visit.app.store.reading() as tx:
        if days:
            return monthly(tx, visit.terms, *days, visit.now)
        return warning(tx, visit.terms, visit.now, int(str(visit.book.source.settings["trend_days"].value)))


def statistics(visit: Visit) -> Response:
    """GET /statistics?span=2026-11: the tables with their charts; without a span, of this month."""
    today = visit.now.astimezone(SHANGHAI)
    span = visit.query.get("span", "").strip() or f"{today:%Y-%m}"
    report = counted(visit, span)
    months = (divmod(12 * today.year + today.month - 1 - n, 12) for n in range(12))
    quarters = (divmod(4 * today.year + (today.month - 1) // 3 - n, 4) for n in range(4))
    spans = [*((f"{y}-{m + 1:02d}", f"{y}年{m + 1}月") for y, m in months),
             *((f"{y}-Q{q + 1}", f"{y}年第{q + 1}季度") for y, q in quarters)]
    said = "" if report else f"没有“{span}”这样的时段，请选一个月或一个季度"
    return visit.page("statistics/statistics.html", 200 if report else 422, report=report, span=span, spans=spans, said_bad=said,
                      charts=[_chart(t) for t in report.tables] if report else [])


def file(visit: Visit) -> Response:
    """GET /statistics/{span}.{kind}: the same as a workbook or a document."""
    span, kind = visit.params["span"], visit.params["kind"]
    report = counted(visit, span) if kind in KINDS else None
    if report is None:
        raise Missing
    write, media = KINDS[kind]
    name = "苗头预警" if span == WARNING else f"统计-{span}"
    return visit.download(f"{name}.{kind}", write(report), media)


def _chart(table: Table) -> Mapping[str, Any] | None:
    """Return the bars of a table, or ``None`` where there is nothing to compare."""
    if not table.charted or len(table.rows) < 2:
        return None
    rows = table.rows[:12][::-1]
    return {
        "grid": {"left": 8, "right": 40, "top": 8, "bottom": 8, "containLabel": True}, "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [r[0] if table.charted != 2 else r[1] for r in rows],
                  "axisLabel": {"width": 150, "overflow": "truncate"}},
        "series": [{"type": "bar", "data": [r[table.charted] for r in rows], "itemStyle": {"color": "#0b4f8a"},
                    "barMaxWidth": 26, "label": {"show": True, "position": "right"}}]}


PAGES = (
    Page("/statistics", statistics, roles=LEADERS, nav="统计", order=60),
    Page("/statistics/{span}.{kind}", file, roles=LEADERS),
)

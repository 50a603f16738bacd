"""A replay told: as text for a terminal, as JSON for programs, as a web page with charts that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hsdispute_plugin.entrypoints.comparison_report import LISTED, comparison_json, found_lines, page, silent_lines
from hsdispute_plugin.entrypoints.replay_run import Report
from hsdispute_plugin.model import SHANGHAI

REFUSED = 5


def as_text(report: Report) -> Iterator[str]:
    """Yield the lines a clerk reads. Tickets are named by number only."""
    c = report.comparison
    yield f"回放 {c.tickets} 张工单，按 {report.at.astimezone(SHANGHAI):%Y-%m-%d} 施行的规则：{c.before} 版 → {c.after} 版"
    if report.refused:
        yield f"  有 {len(report.refused)} 行不是工单，没有计入："
        yield from (f"    第 {number} 行：{why}" for number, why in report.refused[:REFUSED])
    share = 100 * c.changed / c.tickets
    yield f"建议有变的 {c.changed} 张（{share:.1f}%）；建议不变、只是所依据的规则变了的 {c.reasons_only} 张。"
    yield from found_lines(c)
    yield from _scores(report)
    yield from silent_lines(c)


def _scores(report: Report) -> Iterator[str]:
    if not report.scores:
        return
    yield "\n与人工标注比（改前 → 改后）"
    for s in report.scores:
        yield f"  {s.fact} {s.measure}  {s.before:.3f} → {s.after:.3f}（{s.count} 张；改对 {len(s.better)}，改错 {len(s.worse)}）"
        if s.worse:
            yield f"    改错的：{'、'.join(s.worse[:LISTED])}"


def as_json(report: Report) -> dict[str, Any]:
    """Return all figures for programs; keys are those of the records."""
    return {**comparison_json(report.comparison), "scores": [asdict(s) for s in report.scores], "at": report.at.isoformat(),
            "refused": [{"line": number, "error": why} for number, why in report.refused], "extracted": report.extracted}


def as_html(report: Report) -> str:
    """Return one file that shows everything, with charts drawn in it."""
    return page("replay_report.html", report.comparison, title="规则回放", sample="工单编号", report=report,
                day=f"{report.at.astimezone(SHANGHAI):%Y-%m-%d}")

"""A 试算 told: as lines for a terminal, as JSON for programs, as a web page like that of a replay; case numbers, no payer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hsdispute_plugin.app_shadow import ShadowReport
from hsdispute_plugin.entrypoints.comparison_report import comparison_json, found_lines, page, silent_lines
from hsdispute_plugin.model import SHANGHAI


def summary(report: ShadowReport) -> Iterator[str]:
    """Yield the sentences that matter most: how many were seen, how many came out otherwise, what went wrong."""
    c, began = report.comparison, report.shadow.began_at.astimezone(SHANGHAI)
    yield f"自 {began:%Y-%m-%d %H:%M} 起试算 {c.tickets} 张工单：生效的 {c.before} 版 → 试算的 {c.after} 版"
    if c.tickets:
        yield (f"建议有变的 {c.changed} 张（{100 * c.changed / c.tickets:.1f}%）；"
               f"建议不变、只是所依据的规则变了的 {c.reasons_only} 张。")
    if report.decided:
        yield f"试点中按 {c.after} 版办的 {report.decided} 张。"
    if report.elsewhere:
        yield f"另有 {report.elsewhere} 张是在别的版次生效时试算的，不好对照，没有计入。"
    for fault in report.faults:
        yield f"试算出错 {fault.count} 张（案件不受影响）：{fault.where}，如 {'、'.join(fault.samples)}"
    if c.tickets < report.enough:
        yield f"启用之前至少要试算 {report.enough} 张，还差 {report.enough - c.tickets} 张。"


def as_text(report: ShadowReport) -> Iterator[str]:
    """Yield the lines a clerk reads. Cases are named by number only."""
    yield from summary(report)
    if report.comparison.tickets:
        yield from found_lines(report.comparison)
        yield from silent_lines(report.comparison)


def as_json(report: ShadowReport) -> dict[str, Any]:
    """Return all figures for programs; keys are those of the records."""
    shadow = {k: v.isoformat() if k.endswith("_at") and v else v for k, v in asdict(report.shadow).items() if k != "report"}
    return {**comparison_json(report.comparison), "shadow": shadow, "faults": [asdict(f) for f in report.faults],
            "decided": report.decided, "elsewhere": report.elsewhere, "enough": report.enough, "at": report.at.isoformat()}


def as_html(report: ShadowReport) -> str:
    """Return one file that shows everything, with charts drawn in it."""
    return page("shadow_report.html", report.comparison, title="规则试算", sample="案号", lines=list(summary(report)),
                day=f"{report.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")


def kept(report: ShadowReport) -> str:
    """Write a report in the three forms, as it is kept for good."""
    told = {"text": "\n".join(as_text(report)), "data": as_json(report), "html": as_html(report)}
    return json.dumps(told, ensure_ascii=False)

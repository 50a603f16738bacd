"""A replay told: as text for a terminal, as JSON for programs, as a web page with charts that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hsdispute_plugin.entrypoints.replay_charts import bars, flow
from hsdispute_plugin.entrypoints.replay_run import Report
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.replay_compare import Change, Moved, Silent

LISTED = 12  # changes of one fact that are named in text
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
    yield from _changes("哪些结论会变", c.changes)
    yield from _changes("哪些事实读得不一样", c.read)
    yield from _moved("主办（张）", c.leads)
    yield from _moved("参与（张）", c.units)
    if moved := [row for row in c.deadlines if row.before != row.after]:
        yield from _moved("适用时限（张，只列有变的）", moved)
    if c.shifts:
        yield "\n时限提前、推后（两版都适用的工单）"
        for s in c.shifts:
            yield (f"  {s.what}：提前 {s.earlier} 张，推后 {s.later} 张，不变 {s.same} 张；"
                   f"{_days(s.least_days)} 到 {_days(s.most_days)} 日，居中 {_days(s.median_days)} 日")
    for code, label in (("scope", "受理范围"), ("track", "办理方式")):
        yield f"\n{label}的流向（改前 → 改后，张）"
        yield from (f"  {was} → {now}  {count}" for (was, now), count in c.flows[code].items())
    yield from _scores(report)
    yield from _silent("改后从没用上的规则", c.silent_after, c.silent_before)
    if c.waiting:
        yield f"\n还没到施行日、没有算进来的规则 {len(c.waiting)} 条：{'、'.join(c.waiting)}。要看施行以后怎样，请加 --now 日期"


def _changes(title: str, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    yield f"\n{title}"
    for fact in dict.fromkeys(c.fact for c in changes):
        of = [c for c in changes if c.fact == fact]
        yield f"  {fact}"
        for c in of[:LISTED]:
            rules = f"（{'、'.join(f'{rule} {n}' for rule, n in c.rules)}）" if c.rules else ""
            yield f"    {c.what}  {c.count} 张{rules}，如 {'、'.join(c.samples)}"
        if len(of) > LISTED:
            yield f"    另有 {len(of) - LISTED} 种，共 {sum(c.count for c in of[LISTED:])} 张"


def _moved(title: str, rows: Sequence[Moved]) -> Iterator[str]:
    yield f"\n{title}"
    for row in rows:
        difference = row.after - row.before
        yield f"  {row.name}  {row.before} → {row.after}" + (f"（{difference:+}）" if difference else "")


def _days(days: float) -> str:
    return f"{days:+.2f}".rstrip("0").rstrip(".")


def _scores(report: Report) -> Iterator[str]:
    if not report.scores:
        return
    yield "\n与人工标注比（改前 → 改后）"
    for s in report.scores:
        yield f"  {s.fact} {s.measure}  {s.before:.3f} → {s.after:.3f}（{s.count} 张；改对 {len(s.better)}，改错 {len(s.worse)}）"
        if s.worse:
            yield f"    改错的：{'、'.join(s.worse[:LISTED])}"


def _silent(title: str, rows: Sequence[Silent], before: Sequence[Silent]) -> Iterator[str]:
    if not rows:
        return
    asleep = {r.rule for r in before}
    yield f"\n{title} {len(rows)} 条"
    for row in rows:
        why = f"条件成立过 {row.held} 次，都由前面的规则先给出结论" if row.held else "条件没有成立过"
        yield f"  {row.family} {row.rule}（{row.name}）：{why}" + ("" if row.rule in asleep else "；改前用上过")


def as_json(report: Report) -> dict[str, Any]:
    """Return all figures for programs; keys are those of the records."""
    found = asdict(report.comparison)
    found["flows"] = {code: [{"before": was, "after": now, "tickets": count} for (was, now), count in of.items()]
                      for code, of in report.comparison.flows.items()}
    return {**found, "scores": [asdict(s) for s in report.scores], "at": report.at.isoformat(),
            "refused": [{"line": number, "error": why} for number, why in report.refused], "extracted": report.extracted}


def as_html(report: Report) -> str:
    """Return one file that shows everything, with charts drawn in it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    c = report.comparison
    world = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
    return world.get_template("replay_report.html").render(
        c=c, report=report, day=f"{report.at.astimezone(SHANGHAI):%Y-%m-%d}", days=_days,
        charts=[("主办", bars(c.leads)), ("参与", bars(c.units)), ("适用时限", bars(c.deadlines))],
        flows=[("受理范围", flow(c.flows["scope"])), ("办理方式", flow(c.flows["track"]))],
    )

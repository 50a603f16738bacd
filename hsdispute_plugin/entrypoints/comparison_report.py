"""Two editions compared, told: as lines for a terminal, as JSON for programs, as a web page that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hsdispute_plugin.entrypoints.replay_charts import bars, flow
from hsdispute_plugin.rules.comparison import Change, Comparison, Moved, Silent

LISTED = 12  # changes of one fact that are named in text


def found_lines(c: Comparison) -> Iterator[str]:
    """Yield what changed, to whom the work goes, what is due when."""
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


def silent_lines(c: Comparison) -> Iterator[str]:
    """Yield the rules that said nothing."""
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


def _silent(title: str, rows: Sequence[Silent], before: Sequence[Silent]) -> Iterator[str]:
    if not rows:
        return
    asleep = {r.rule for r in before}
    yield f"\n{title} {len(rows)} 条"
    for row in rows:
        told = "；".join(filter(None, (unheard(row), "" if row.rule in asleep else "改前用上过")))
        yield f"  {row.family} {row.rule}（{row.name}）" + (f"：{told}" if told else "")


def unheard(row: Silent) -> str:
    """Say why a rule said nothing, where that is known."""
    if row.held is None:
        return ""
    return f"条件成立过 {row.held} 次，都由前面的规则先给出结论" if row.held else "条件没有成立过"


def comparison_json(c: Comparison) -> dict[str, Any]:
    """Return all figures for programs; keys are those of the record."""
    flows = {code: [{"before": was, "after": now, "tickets": count} for (was, now), count in of.items()]
             for code, of in c.flows.items()}
    return {**asdict(c), "flows": flows}


def page(template: str, c: Comparison, **values: Any) -> str:
    """Return a page that shows a comparison with charts drawn in it; ``template`` adds what is its own."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    world = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
    return world.get_template(template).render(
        c=c, days=_days, unheard=unheard,
        charts=[("主办", bars(c.leads)), ("参与", bars(c.units)), ("适用时限", bars(c.deadlines))],
        flows=[("受理范围", flow(c.flows["scope"])), ("办理方式", flow(c.flows["track"]))], **values)

"""What a county changed of its province's rule book, in sentences a clerk reads: 停用, 替换, 新增, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hsdispute_plugin.rules.difference import differences
from hsdispute_plugin.rules.overlay import Overlay
from hsdispute_plugin.rules.rulebook import Family, Rule, RuleSource


def overlay_summary(base: RuleSource, source: RuleSource, overlay: Overlay) -> Iterator[str]:
    """Yield one sentence for each rule taken out, replaced or added, and for each word, number or unit that differs.

    ``base`` is the province alone, ``source`` the county laid over it as ``overlay`` says.
    """
    names = {r.id: r.name for f in base.families for r in f.rules}
    for rule, why in overlay.off.items():
        yield f"停用 {rule}（{names[rule]}）：{why}"
    kept_before, kept_after = [], []
    needless: list[str] = []
    for old, new in zip(base.families, source.families, strict=True):
        was, now = _by_id(old), _by_id(new)
        for rule in (r for r in was if r in overlay.own and r in now):
            if [replace(r, where="") for r in was[rule]] == [replace(r, where="") for r in now[rule]]:
                needless.append(rule)
                continue
            yield f"{old.label}：替换 {rule}（{now[rule][-1].name}）{_days(was[rule], now[rule])}"
        for rule in (r for r in now if r not in was):
            yield f"{new.label}：新增 {rule}（{now[rule][0].name}），{_place(new, rule)}：{now[rule][0].because}"
        kept_before.append(replace(old, rules=tuple(_dated_alike(r, now) for r in old.rules if r.id in now)))
        kept_after.append(replace(new, rules=tuple(r for r in new.rules if r.id in was)))
    yield from differences(replace(base, families=tuple(kept_before)), replace(source, families=tuple(kept_after)))
    if needless:
        yield f"有 {len(needless)} 条规则写得与基础目录相同，可以从本县文件里删去：{'、'.join(needless)}"


def _by_id(family: Family) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in family.rules:
        found.setdefault(rule.id, []).append(rule)
    return found


def _days(was: Sequence[Rule], now: Sequence[Rule]) -> str:
    old, new = ("、".join(str(r.since) for r in rules) for rules in (was, now))
    return "" if old == new else f"，施行由 {old} 改为 {new}"


def _dated_alike(rule: Rule, now: dict[str, list[Rule]]) -> Rule:
    """Return a rule with the day of its only successor, so that the two are compared and not told as gone and new."""
    entries = now[rule.id]
    return replace(rule, since=entries[0].since) if len(entries) == 1 else rule


def _place(family: Family, rule: str) -> str:
    ids = [r.id for r in family.rules]
    at = ids.index(rule)
    return f"在 {ids[at - 1]} 之后" if at else "在最前"

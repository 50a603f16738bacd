"""What changed between two editions, in sentences a clerk reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from hsdispute_plugin.model import Unit
from hsdispute_plugin.rules.condition import Condition, Leaf, NoneOf
from hsdispute_plugin.rules.difference_words import word_differences
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.rulebook import Family, Rule, RuleSource, Setting
from hsdispute_plugin.rules.table_cells import FlatCondition, flat, same
from hsdispute_plugin.rules.wording import condition_words, outcome_words
from hsdispute_plugin.rules.workdays import Deadline, WorkCalendar

T = TypeVar("T")
Key = tuple[str, str]  # id and first day of an entry
_FIELDS = {"name": "名称", "clause": "依据", "because": "理由", "until": "废止日期", "unconfirmed": "未确认的依据"}
_YEARS = range(2020, 2100)  # of which a calendar file may speak


def differences(before: RuleSource, after: RuleSource) -> Iterator[str]:
    """Yield a sentence for each rule, word, period, setting, unit, notice, place or calendar year that differs."""
    for old, new in zip(before.families, after.families, strict=True):
        yield from (f"{new.label}：{said}" for said in _family(old, new, after.table))
    yield from _rows("时限", before.deadlines, after.deadlines, lambda d: d.what, _deadline)
    yield from _rows("设置", before.settings, after.settings, lambda s: s.says, _setting)
    yield from _rows("单位", before.units, after.units, lambda u: u.short, _unit)
    yield from _rows("通报", before.notices, after.notices, lambda told: told.partition("：")[0], lambda told: {"要求": told})
    yield from _calendar(before.calendar, after.calendar)
    for kind, was, now in (("县内地名", before.regions.inside, after.regions.inside),
                           ("县外地名", before.regions.outside, after.regions.outside)):
        yield from _members(kind, was, now)
    yield from word_differences(before.words, after.words)


def _family(old: Family, new: Family, table: FactTable) -> Iterator[str]:
    if old.hit is not new.hit:
        yield f"命中方式由 {old.hit.value} 改为 {new.hit.value}"
    was, now = {_key(r): r for r in old.rules}, {_key(r): r for r in new.rules}
    for key, rule in now.items():
        if key not in was:
            yield (f"新增规则 {_named(rule)}，{rule.since} 起施行：{condition_words(rule.condition, table)} → "
                   f"{outcome_words(rule.outcome, table)}")
    for key, rule in was.items():
        if key not in now:
            yield f"删去规则 {_named(rule)}：{condition_words(rule.condition, table)} → {outcome_words(rule.outcome, table)}"
        elif said := list(_rule(rule, now[key], table)):
            yield f"规则 {_named(now[key])} " + "；".join(said)
    kept = [k for k in was if k in now], [k for k in now if k in was]
    yield from _moved(*kept, now)


def _key(rule: Rule) -> Key:
    return rule.id, rule.since.isoformat()


def _named(rule: Rule) -> str:
    return f"{rule.id}（{rule.name}）"


def _rule(old: Rule, new: Rule, table: FactTable) -> Iterator[str]:
    if not same(old.condition, new.condition):
        yield _condition(old.condition, new.condition, table)
    if old.outcome != new.outcome:
        yield f"结论由 “{outcome_words(old.outcome, table)}” 改为 “{outcome_words(new.outcome, table)}”"
    for field, label in _FIELDS.items():
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            yield f"{label}由 “{was or '无'}” 改为 “{now or '无'}”"


def _condition(old: Condition, new: Condition, table: FactTable) -> str:
    """Name the comparisons that came and went where both are plain rows of them, else the whole condition."""
    was, now = flat(old), flat(new)
    if was and now:
        parts_was, parts_now = _parts(was), _parts(now)
        gone, come = [p for p in parts_was if p not in parts_now], [p for p in parts_now if p not in parts_was]
        if len(gone) == len(come) == 1 and _fact(gone[0]) == _fact(come[0]):
            return f"条件 “{condition_words(gone[0], table)}” 改为 “{condition_words(come[0], table)}”"
        said = [f"{verb}条件 {'、'.join(f'“{condition_words(p, table)}”' for p in parts)}"
                for verb, parts in (("去掉", gone), ("加上", come)) if parts]
        return "，".join(said)
    return f"条件由 “{condition_words(old, table)}” 改为 “{condition_words(new, table)}”"


def _parts(row: FlatCondition) -> list[Condition]:
    return [*row.held, *(NoneOf((leaf,)) for leaf in row.barred)]


def _fact(part: Condition) -> str:
    return part.fact if isinstance(part, Leaf) else _fact(part.parts[0])


def _moved(was: Sequence[Key], now: Sequence[Key], rules: Mapping[Key, Rule]) -> Iterator[str]:
    stayed = {was[b.a + n] for b in SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks() for n in range(b.size)}
    for place, key in enumerate(now):
        if key not in stayed:
            where = f"现在排在 {_named(rules[now[place - 1]])} 之后" if place else "现在排在最前"
            yield f"规则 {_named(rules[key])} 的次序变了，{where}"


def _rows(
    kind: str, old: Mapping[str, T], new: Mapping[str, T], name: Callable[[T], str], show: Callable[[T], Mapping[str, str]]
) -> Iterator[str]:
    for key in [*old, *(k for k in new if k not in old)]:
        if key not in new:
            yield f"{kind}：删去 {key}（{name(old[key])}）"
            continue
        row = show(new[key])
        if key not in old:
            yield f"{kind}：新增 {key}（{name(new[key])}）：" + "，".join(f"{k} {v}" for k, v in row.items() if v)
            continue
        before = show(old[key])
        said = [f"{k}由 {before[k] or '无'} 改为 {v or '无'}" for k, v in row.items() if v != before[k]]
        if said:
            yield f"{kind}：{key}（{name(new[key])}）" + "，".join(said)


def _deadline(d: Deadline) -> Mapping[str, str]:
    status = ("法定" if d.statutory else "非法定") + ("" if d.confirmed else "、未确认")
    return {"期限": f"{d.amount:g}{d.span.value}", "事项": d.what, "状态": status, "依据": d.basis,
            "法定上限": d.cap, "起算": d.after.key if d.after else ""}


def _setting(s: Setting) -> Mapping[str, str]:
    value = ("是" if s.value else "否") if isinstance(s.value, bool) else str(s.value)
    return {"值": value, "确认": "未确认" if not s.confirmed else "已确认", "依据": s.basis}


def _unit(u: Unit) -> Mapping[str, str]:
    return {"名称": u.name, "简称": u.short, "电话": u.phone, "地址": u.address, "职责": u.duty,
            "受理": "是" if u.accepts else "否", "主办": "是" if u.leads else "否",
            "派单": "是" if u.by_rules else "否"}


def _calendar(old: WorkCalendar, new: WorkCalendar) -> Iterator[str]:
    for number in _YEARS:
        was, now = old.year(number), new.year(number)
        if was == now:
            continue
        if now is None:
            yield f"日历：删去 {number} 年"
        elif was is None:
            days = f"休 {len(now.rest)} 天、班 {len(now.work)} 天"
            yield f"日历：新增 {number} 年（{_state(now.official)}，{now.source}），{days}"
        else:
            said = [f"{label}由 {a} 改为 {b}" for label, a, b in (("状态", _state(was.official), _state(now.official)),
                                                              ("文号", was.source, now.source)) if a != b]
            for label, a, b in (("休", was.rest, now.rest), ("班", was.work, now.work)):
                said += [f"{verb}{label} {'、'.join(d.isoformat() for d in sorted(days))}"
                         for verb, days in (("加", b - a), ("减", a - b)) if days]
            yield f"日历：{number} 年" + "，".join(said)


def _state(official: bool) -> str:
    return "正式" if official else "暂定"


def _members(kind: str, old: set[str], new: set[str]) -> Iterator[str]:
    for verb, found in (("新增", new - old), ("删去", old - new)):
        if found:
            yield f"{kind}：{verb} {'、'.join(sorted(found))}"

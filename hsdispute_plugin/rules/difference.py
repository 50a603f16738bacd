"""What changed between two editions, in sentences a clerk reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.explanation import words
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.rulebook import Rule, RuleSource

T = TypeVar("T")
_OTHER_FIELDS = {"name": "名称", "clause": "依据", "because": "理由", "until": "废止", "unconfirmed": "标记依据"}


def differences(before: RuleSource, after: RuleSource) -> Iterator[str]:
    """Yield one sentence for each rule, word, period, setting, unit, notice or calendar year that differs."""
    for old, new in zip(before.families, after.families, strict=True):
        if old.hit is not new.hit:
            yield f"{new.label}：命中方式由 {old.hit.value} 改为 {new.hit.value}"
        yield from _rules({_key(r): r for r in old.rules}, {_key(r): r for r in new.rules}, new.label, after.table)
        kept = [_key(r) for r in old.rules if _key(r) in {_key(n) for n in new.rules}]
        if kept != [_key(r) for r in new.rules if _key(r) in set(kept)]:
            yield f"{new.label}：规则的先后次序有变"
    yield from _named("时限", before.deadlines, after.deadlines, lambda d: f"{d.amount:g}{d.span.value}{_sure(d.confirmed)}")
    yield from _named("设置", before.settings, after.settings, lambda s: f"{s.value}{_sure(s.confirmed)}")
    yield from _named("单位", before.units, after.units, lambda u: f"{u.name} {u.phone} {u.address}".strip())
    yield from _named("通报", before.notices, after.notices, str)
    yield from _words(before, after)


def _key(rule: Rule) -> tuple[str, str]:
    return rule.id, rule.since.isoformat()


def _rules(
    old: Mapping[tuple[str, str], Rule], new: Mapping[tuple[str, str], Rule], family: str, table: FactTable
) -> Iterator[str]:
    for key, rule in new.items():
        if key not in old:
            told = f"{words(rule.condition, table)} → {outcome_words(rule, table)}"
            yield f"{family}：新增规则 {rule.id}（{rule.name}，{key[1]} 起）：{told}"
    for key, rule in old.items():
        if key not in new:
            yield f"{family}：删去规则 {rule.id}（{rule.name}）"
            continue
        other = new[key]
        if rule.condition != other.condition:
            yield f"{family}：{rule.id} 的条件由“{words(rule.condition, table)}”改为“{words(other.condition, table)}”"
        if rule.outcome != other.outcome:
            yield f"{family}：{rule.id} 的结论由“{outcome_words(rule, table)}”改为“{outcome_words(other, table)}”"
        for field, label in _OTHER_FIELDS.items():
            was, now = getattr(rule, field), getattr(other, field)
            if was != now:
                yield f"{family}：{rule.id} 的{label}由“{was or '无'}”改为“{now or '无'}”"


def outcome_words(rule: Rule, table: FactTable) -> str:
    """Return a rule's conclusions as a clerk would say them."""
    return "，".join(f"{table.by_code[c].label}：{_value(v, table, c)}" for c, v in rule.outcome.items())


def _value(value: FactValue, table: FactTable, code: str) -> str:
    if isinstance(value, frozenset):
        return "、".join(table.by_code[code].label_of(m) for m in sorted(value))
    return ("是" if value else "否") if isinstance(value, bool) else table.by_code[code].label_of(str(value))


def _named(kind: str, old: Mapping[str, T], new: Mapping[str, T], show: Callable[[T], str]) -> Iterator[str]:
    for key in [*old, *(k for k in new if k not in old)]:
        if key not in new:
            yield f"{kind}：删去 {key}"
        elif key not in old:
            yield f"{kind}：新增 {key}：{show(new[key])}"
        elif old[key] != new[key]:
            was, now = show(old[key]), show(new[key])
            yield f"{kind}：{key} 由 {was} 改为 {now}" if was != now else f"{kind}：{key} 的说明有变"


def _sure(confirmed: bool) -> str:
    return "" if confirmed else "（未确认）"


def _words(before: RuleSource, after: RuleSource) -> Iterator[str]:
    old = {(p, s.klass, s.member) for p, senses in before.words.phrases.items() for s in senses}
    new = {(p, s.klass, s.member) for p, senses in after.words.phrases.items() for s in senses}
    for verb, found in (("新增", new - old), ("删去", old - new)):
        by_member: dict[tuple[str, str], list[str]] = {}
        for phrase, klass, member in sorted(found):
            by_member.setdefault((klass, member), []).append(phrase)
        for (klass, member), phrases in by_member.items():
            shown = "、".join(phrases[:12]) + (f" 等 {len(phrases)} 个词" if len(phrases) > 12 else "")
            yield f"词表：{klass}“{member}”{verb} {shown}"
    if before.words.combinations != after.words.combinations or before.words.presumptions != after.words.presumptions:
        yield "词表：组合或推定有变"
